"""Conversations as texts: messages in a data set, put into words by the chat template of the model that reads them."""

import json
from collections.abc import Sequence
from typing import Any

_KEYS = ("role", "content")


def is_conversation(value: Any) -> bool:
    """Whether a value is a list of messages, each with a role and words as its content.

    >>> is_conversation([{"role": "user", "content": "Hello"}]), is_conversation(["Hello"]), is_conversation([])
    (True, False, False)
    """
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(one, dict) and all(isinstance(one.get(key), str) for key in _KEYS) for one in value)
    )


def as_text(conversation: list[dict[str, Any]]) -> str:
    """A conversation as one line of JSON: the same for every model, whatever its template."""
    return json.dumps([{key: message[key] for key in _KEYS} for message in conversation])


def messages_of(text: str) -> list[dict[str, Any]]:
    """The messages of a text: those that :func:`as_text` wrote, or the text itself as a user's one message.

    >>> messages_of("Hello")
    [{'role': 'user', 'content': 'Hello'}]
    """
    if text.startswith('[{"role": '):
        try:
            value = json.loads(text)
        except ValueError:
            value = None
        if is_conversation(value):
            return list(value)
    return [{"role": "user", "content": text}]


def templated(tokenizer: Any, texts: Sequence[str], system: str = "") -> list[str]:
    """Each conversation as its model reads it, special tokens included.

    A conversation that ends with the user's message is followed by the mark at which the model's answer begins.

    Parameters
    ----------
    system : str
        Message put before conversations that do not begin with one of their own.

    Raises
    ------
    ValueError
        The tokenizer has no chat template, or the template refuses a conversation.
    """
    from jinja2 import TemplateError  # drawing texts takes nothing but Python's own library

    if not tokenizer.chat_template:
        raise ValueError("the model's tokenizer has no chat template: leave chat out, or choose a model made for chat")
    written = []
    for row, text in enumerate(texts):
        messages = messages_of(text)
        if system and messages[0]["role"] != "system":
            messages = [{"role": "system", "content": system}, *messages]
        asked = messages[-1]["role"] == "user"
        try:
            written.append(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=asked))
        except (TemplateError, TypeError, KeyError) as error:
            raise ValueError(f"the model's chat template refuses conversation {row}: {error}") from error
    return written
