"""Is one run the same as another, to within a margin, and were there texts enough to say so?"""

from todacomm.core.equivalence.contrasts import Contrast, paired_contrast, side_by_side, spread_of
from todacomm.core.equivalence.groups import (
    GroupRows,
    GroupValues,
    group_rows,
    label_p_values,
    measure_groups,
)
from todacomm.core.equivalence.judgement import Judgement, judge, judgement_rows
from todacomm.core.equivalence.neighbourhoods import most_changed, neighbours_lost
from todacomm.core.equivalence.places import (
    PLACE_MEASURES,
    Places,
    blended,
    place_contrast,
    place_margins,
    places,
)
from todacomm.core.equivalence.power import Plan, plan, smallest_difference, smallest_margin, texts_to_settle
from todacomm.core.equivalence.simultaneous import JointLaw, Simultaneous, joint_law, simultaneous
from todacomm.core.equivalence.verdicts import (
    DIFFERENT,
    SAME,
    UNDECIDED,
    UNDEFINED,
    Margins,
    cell_verdicts,
    overall,
    shape_margins,
)
