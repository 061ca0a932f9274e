"""A TOML file in, a validated model out; every mistake is one readable line.

The line names the file, the key, the value and what is allowed there:

    config/sources/acme.toml: politeness.delay_secs = 2: unknown key; did you mean delay_seconds? Allowed here: …

Types are taken strictly (`"2"` is not a number), so that what stands in the file is what is meant.
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from newsroom.errors import ConfigError

Model = TypeVar("Model", bound=BaseModel)
Key = tuple[str | int, ...]
Mistake = tuple[str, Any, str]
"""Key path, value (None for none, which TOML cannot say), what is wrong and what is allowed."""

_SHOWN = 60
_WORDS = (
    ("Input should be", "must be"),
    ("Value error, ", ""),
    ("a valid tuple", "a list"),
    ("a valid dictionary", "a table"),
    ("Tuple should have", "must have"),
    ("a valid ", "a "),
    ("a integer", "a whole number"),
    ("a boolean", "true or false"),
)
"""pydantic speaks of Python; whoever writes the file thinks in TOML."""


def load(path: Path, model: type[Model]) -> Model:
    """The file as a `model`, or ConfigError."""
    data = read(path)
    try:
        return model.model_validate(_frozen(data), strict=True)
    except ValidationError as error:
        # unknown keys first: a misspelt required key is also missing, and the spelling is the mistake
        found = sorted(error.errors(include_url=False), key=lambda one: not _is_unknown(one))
        raise refusal(path, [_mistake(one, model, data) for one in found]) from None


def read(path: Path) -> dict[str, Any]:
    """The file as TOML gives it, or ConfigError."""
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text (byte {error.start}); save the file as UTF-8") from None
    except RecursionError:
        raise ConfigError(f"{path}: not valid TOML: nested too deeply") from None
    except ValueError as error:  # TOMLDecodeError, and numbers too long for Python to read
        raise ConfigError(f"{path}: not valid TOML: {_printable(str(error))}") from None


def refusal(path: Path, mistakes: Sequence[Mistake]) -> ConfigError:
    """All mistakes of a file as one line: the first in full, the rest counted."""
    key, value, message = mistakes[0]
    given = "" if value is None else f" = {_printable(_short(json.dumps(value, ensure_ascii=False, default=str)))}"
    more = f" (and {len(mistakes) - 1} more in this file)" if len(mistakes) > 1 else ""
    return ConfigError(f"{path}: {_printable(key)}{given}: {_printable(message)}{more}")


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """The likeliest of `allowed` for a misspelt word, and all of them.

    >>> did_you_mean("row", ["url", "rows"])
    'did you mean rows? Allowed here: rows, url'
    >>> did_you_mean("xyz", [])
    'nothing is allowed here'
    """
    names = sorted(allowed)
    if not names:
        return "nothing is allowed here"
    near = difflib.get_close_matches(word, names, n=1)
    return (f"did you mean {near[0]}? " if near else "") + f"Allowed here: {', '.join(names)}"


def _frozen(value: Any) -> Any:
    """Lists as tuples: the models are frozen, and strict validation takes no list for a tuple."""
    if isinstance(value, dict):
        return {key: _frozen(item) for key, item in value.items()}
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _is_unknown(error: Mapping[str, Any]) -> bool:
    return bool(error["type"] == "extra_forbidden" or error["loc"][-1:] == ("[key]",))


def _mistake(error: Mapping[str, Any], model: type[BaseModel], data: dict[str, Any]) -> Mistake:
    key = tuple(part for part in error["loc"] if part != "[key]")
    return _written(key), _value(key, data), _message(error, key, model)


def _message(error: Mapping[str, Any], key: Key, model: type[BaseModel]) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if _is_unknown(error):
        return "unknown key; " + did_you_mean(str(key[-1]), _names_at(model, key[:-1]))
    if kind == "missing":
        return "is missing; it must be given"
    if kind == "literal_error":
        return f"must be {context['expected']}"
    if kind == "string_pattern_mismatch":
        return f"must look like {_example(model, key)}, that is {context['pattern']}"
    if kind in ("too_short", "string_too_short") and context["min_length"] == 1:
        return "must not be empty"
    message = str(error["msg"])
    for theirs, ours in _WORDS:
        message = message.replace(theirs, ours)
    return message


def _example(model: type[BaseModel], key: Key) -> str:
    """What a value there may look like, as its field says."""
    (first, *_) = _at(model, key[:-1]).model_fields[key[-1]].examples
    return f'"{first}"'


def _at(model: type[BaseModel], key: Key) -> Any:
    """What stands at a key: the way down is by fields, and through a `dict[…, Model]` by any name."""
    here: Any = model
    for part in key:
        here = _plain(here.model_fields[part].annotation) if _is_model(here) else _plain(get_args(here)[-1])
    return here


def _names_at(model: type[BaseModel], key: Key) -> list[str]:
    """The keys that a table may have."""
    here = _at(model, key)
    if _is_model(here):
        return list(here.model_fields)
    return [str(name) for name in get_args(get_args(here)[0])]


def _plain(annotation: Any) -> Any:
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _written(key: Key) -> str:
    """A key as one says it: `listing.entries[2]`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key).lstrip(".")


def _value(key: Key, data: dict[str, Any]) -> Any:
    """What the file gives there; None for a table (too much to show), or where there is nothing."""
    value: Any = data
    for part in key:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return None if isinstance(value, dict) else value


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _printable(text: str) -> str:
    r"""One line whatever the file holds: a message must not steer the terminal.

    >>> _printable("a\x1b[2J\nb")
    'a\\x1b[2J\\nb'
    """
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)
