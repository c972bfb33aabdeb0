"""What is known while an answer's tokens are put into the grammar: open brackets, and what has been written."""

from __future__ import annotations

from dlcli.language.answer_levels import AnswerLevel, divided_product, exponent_product, spaced_list
from dlcli.language.answer_names import LOOK_ALIKES, Names, look_alike, spelt_out
from dlcli.language.answer_separators import partners
from dlcli.language.complaints import missing_operator
from dlcli.language.error import LanguageError
from dlcli.language.tokens import Token, described

OPENING = ("(", "[", "{")


class Writer:
    """Reads the tokens from left to right and writes those of the grammar; `complete`: an operand has just ended.

    at: the token that comes next; partner: position of each opening bracket -> of the one that closes it.
    """

    def __init__(self, text: str, tokens: tuple[Token, ...], names: Names, remarks: list[str]) -> None:
        self.text, self.tokens, self.names, self.remarks = text, tokens, names, remarks
        self.partner = partners(tokens)
        self.at = 0
        self.out: list[Token] = []
        self.level = AnswerLevel("text", tokens[-1])
        self.outer: list[AnswerLevel] = []
        self.complete = False

    @property
    def next(self) -> Token:
        return self.tokens[min(self.at, len(self.tokens) - 1)]

    @property
    def before(self) -> Token:
        """The token before the present one."""
        return self.tokens[max(self.at - 2, 0)]

    def follows(self, *texts: str) -> bool:
        """Whether these marks come next."""
        ahead = self.tokens[self.at : self.at + len(texts)]
        return len(ahead) == len(texts) and all(
            t.kind == "mark" and t.text == w for t, w in zip(ahead, texts, strict=True)
        )

    def gap(self, token: Token) -> bool:
        """Whether a space stands before the present token."""
        return self.before.end < token.start

    def emit(self, text: str, start: int, end: int) -> None:
        self.out.append(Token("mark", text, start, end))

    def operand(self, token: Token) -> None:
        """Writes a number or name, the present product in front of it where one is missing."""
        self.out.append(token)
        level = self.level
        level.exponent = token.end if level.exponent == "next" else None
        self.complete = True

    def push(self, level: AnswerLevel) -> None:
        self.level.exponent = None
        self.outer.append(self.level)
        self.level = level
        self.complete = False

    def starts(self, token: Token, end: int) -> None:
        """An operand starts here and ends at `end`: writes the product or comma that is understood before it."""
        level = self.level
        if not self.complete:
            level.term = token.start if level.term is None else level.term
            return
        if level.spaced and (self.gap(token) or token.text in OPENING):
            self.emit(",", token.start, token.start)
            level.starts_term()
            level.term = token.start
            self.complete = False
            return
        if token.kind == "number" or token.kind == "text" or self.before.kind == "text":
            raise missing_operator(self.text, self.before, token)
        if level.bare and self.gap(token):
            raise spaced_list(level, end)
        if level.exponent == token.start:
            raise exponent_product(self.text, level, token.start, end)
        if level.slash is not None:
            raise divided_product(self.text, level, token.start, end)
        level.exponent = None
        self.emit("·", token.start, token.start)
        self.complete = False

    def starts_within(self, piece: Token) -> None:
        level = self.level
        if level.exponent == piece.start:
            raise exponent_product(self.text, level, piece.start, piece.end)
        if level.slash is not None:
            raise divided_product(self.text, level, piece.start, piece.end)
        self.emit("·", piece.start, piece.start)

    def checked(self, token: Token) -> str:
        """An unknown name as it is spelt in homework files. Raises LanguageError (E412) for letters that deceive."""
        place = look_alike(token.text)
        if place is None:
            return spelt_out(token.text)
        letter = token.text[place]
        at = self.text.find(letter, token.start, token.end)
        latin = LOOK_ALIKES[letter]
        message = f"the letter `{letter}` ({described(letter)}) only looks like the Latin `{latin}`"
        raise LanguageError("E412", message, (at, at + 1), f"write `{latin}` with a Latin keyboard")
