"""What models made of texts, stored in the user's cache folder: another analysis of it costs no forward pass.

``TODACOMM_CACHE`` names the folder, ``TODACOMM_CACHE_GB`` how much it may hold (10; 0 keeps nothing).
"""

from todacomm.analysis.cache.key import inputs_digest, inputs_digests
from todacomm.analysis.cache.passes import passes_folder
from todacomm.analysis.cache.remember import remembered
from todacomm.analysis.cache.store import MODELS, Entry, clear, entries
