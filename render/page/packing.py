"""Data made small: numbers in few characters, and text by words, for figures repeat the same few words.

It is not as small as zlib would make it, but the same on every platform, and the script undoes it in a few lines.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

#: What a number is written with: any printable character that JSON and HTML leave as it is.
DIGITS = "".join(chr(code) for code in range(35, 127) if chr(code) not in "&'<>\\")[:86]
_WORD = re.compile(r'[^" >]*[" >]+|[^" >]+')


def pack(texts: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """The words of all *texts*, the commonest first, and each text as the numbers of its words.

    >>> words, packed = pack({"a": "go on and go on"})
    >>> words
    ['go ', 'on ', 'and ', 'on']
    >>> packed["a"] == "".join(DIGITS[n] for n in (0, 1, 2, 0, 3))
    True
    """
    split = {name: _WORD.findall(text) for name, text in texts.items()}
    counted = Counter(word for words in split.values() for word in words)
    # Equally common words stay in the order in which they were met.
    words = [word for word, _ in counted.most_common()]
    numbers = {word: written([number]) for number, word in enumerate(words)}
    return words, {name: "".join(numbers[word] for word in found) for name, found in split.items()}


def written(numbers: Iterable[int]) -> str:
    """Whole numbers, none below zero, in base ``len(DIGITS) / 2``, lowest digit first; digits of the upper half go on.

    >>> [len(written([number])) for number in (0, 42, 43, 1848, 1849)]
    [1, 1, 2, 2, 3]
    """
    half = len(DIGITS) // 2
    digits: list[str] = []
    for number in numbers:
        rest = number
        while rest >= half:
            digits.append(DIGITS[half + rest % half])
            rest //= half
        digits.append(DIGITS[rest])
    return "".join(digits)
