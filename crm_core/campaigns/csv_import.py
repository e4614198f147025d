"""Reads a contact list from a CSV file of any usual encoding, line by line, and says what is wrong with which line."""

from __future__ import annotations

import codecs
import csv
import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from crm_core import phone_number
from crm_core.campaigns.cards import ContactLine, LineError
from crm_core.errors import InvalidInput

NAME_TITLES = frozenset({"姓名", "患者姓名", "患者", "名字", "name", "patient"})
NUMBER_TITLES = frozenset(
    {"电话", "手机", "手机号", "手机号码", "电话号码", "联系电话", "号码", "phone", "mobile", "number", "telephone"}
)
_DELIMITERS = ",;\t，；"
_BLOCK_BYTES = 65536
_HEADER_CHARS = 4096
_CELL_CHARS = 200
_SPREADSHEET_MAGIC = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


class UnusableFile(InvalidInput):
    """The whole file cannot be used; nothing was imported. ``message_zh`` is for the person who sent it."""

    def __init__(self, code: str, message: str, message_zh: str) -> None:
        super().__init__(message, code=code)
        self.message_zh = message_zh


@dataclass(frozen=True)
class Limits:
    size_bytes: int = 20 * 1024 * 1024
    rows: int = 200_000


class ContactFile:
    """One uploaded list. ``file`` must be seekable; it is read in blocks, never held as a whole."""

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        self._file = file
        self._limits = limits
        self.encoding = self._detect_encoding()

    def lines(self) -> Iterator[ContactLine | LineError]:
        """Every data line as a contact or as an error, in order. Raises UnusableFile."""
        self._file.seek(0)
        text = io.TextIOWrapper(self._file, encoding=self.encoding, newline="")
        try:
            yield from self._lines(text)
        finally:
            text.detach()  # the file belongs to the caller

    def _lines(self, text: io.TextIOWrapper) -> Iterator[ContactLine | LineError]:
        header = text.readline(_HEADER_CHARS)
        delimiter = max(_DELIMITERS, key=header.count)
        columns = self._columns(next(csv.reader([header], delimiter=delimiter), []))
        reader = csv.reader(text, delimiter=delimiter)
        rows = 0
        while True:
            line = reader.line_num + 2
            try:
                cells = next(reader, None)
            except csv.Error:
                yield LineError(line, "", "unreadable", "这一行无法读取，请检查引号是否成对")
                continue
            if cells is None:
                return
            if not any(cell.strip() for cell in cells):
                continue
            rows += 1
            if rows > self._limits.rows:
                raise UnusableFile(
                    "too_many_rows",
                    f"more than {self._limits.rows} rows",
                    f"名单超过 {self._limits.rows} 行，请分成几个文件",
                )
            yield columns.parse(line, cells)

    def _columns(self, titles: list[str]) -> _Columns:
        cleaned = [_cell(title).lower().replace(" ", "") for title in titles]
        number = next((i for i, title in enumerate(cleaned) if title in NUMBER_TITLES), None)
        name = next((i for i, title in enumerate(cleaned) if title in NAME_TITLES), None)
        if number is None:
            raise UnusableFile(
                "no_number_column",
                "the first line names no telephone column",
                "第一行必须是标题，并且有一列叫“电话”或“手机”",
            )
        return _Columns(len(titles), number, name, _cell(titles[number]))

    def _detect_encoding(self) -> str:
        size = self._file.seek(0, io.SEEK_END)
        self._file.seek(0)
        if size == 0:
            raise UnusableFile("empty_file", "the file is empty", "文件是空的")
        if size > self._limits.size_bytes:
            limit_mb = self._limits.size_bytes // (1024 * 1024)
            raise UnusableFile("too_large", f"larger than {limit_mb} MB", f"文件超过 {limit_mb} MB")
        head = self._file.read(4096)
        if head.startswith(_SPREADSHEET_MAGIC):
            raise UnusableFile(
                "spreadsheet", "this is a workbook, not CSV", "这是 Excel 工作簿，请另存为“CSV UTF-8”后再上传"
            )
        for encoding in _candidates(head):
            if self._decodes(encoding):
                return encoding
        raise UnusableFile(
            "unknown_encoding",
            "neither UTF-8, UTF-16 nor GB18030",
            "无法识别文件编码，请另存为“CSV UTF-8”后再上传",
        )

    def _decodes(self, encoding: str) -> bool:
        self._file.seek(0)
        decoder = codecs.getincrementaldecoder(encoding)("strict")
        try:
            while block := self._file.read(_BLOCK_BYTES):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
        return True


@dataclass(frozen=True)
class _Columns:
    count: int
    number: int
    name: int | None
    number_title: str

    def parse(self, line: int, cells: list[str]) -> ContactLine | LineError:
        if any("\0" in cell for cell in cells):
            return LineError(line, "", "control_character", "这一行含有不可见的控制字符")
        while len(cells) > self.count and not cells[-1].strip():
            cells.pop()
        if len(cells) != self.count:
            return LineError(line, "", "ragged", f"这一行有 {len(cells)} 列，标题有 {self.count} 列")
        name = phone_number.clean_text(_cell(cells[self.name]), limit=64) if self.name is not None else ""
        raw = _cell(cells[self.number])
        number = phone_number.normalise(raw) if raw else None
        if number is None:
            return LineError(line, self.number_title, *_what_is_wrong(raw))
        if not phone_number.is_domestic(number):
            return LineError(line, self.number_title, "foreign_number", "境外号码不能外呼")
        return ContactLine(line, name, number)


def _what_is_wrong(raw: str) -> tuple[str, str]:
    """Code and Chinese text for a cell that is no telephone number."""
    if not raw:
        return "no_number", "没有电话号码"
    if "e+" in raw.lower():
        return "scientific", "号码被表格软件改成了科学计数法，请把该列设为文本"
    return "bad_number", "不是有效的电话号码"


def _candidates(head: bytes) -> list[str]:
    """Encodings to try, most certain first."""
    if head.startswith(codecs.BOM_UTF8):
        return ["utf-8-sig"]
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ["utf-16"]
    nulls = head.count(0)
    if nulls * 4 > len(head):
        return ["utf-16-le", "utf-16-be"] if head[1::2].count(0) >= head[0::2].count(0) else ["utf-16-be", "utf-16-le"]
    return ["utf-8", "gb18030"]


def _cell(text: str) -> str:
    """A cell as it was meant: full-width forms folded, and without the marks people add to keep a number text."""
    cell = unicodedata.normalize("NFKC", text[:_CELL_CHARS]).strip().strip("\ufeff")
    if cell.startswith("=") and len(cell) > 2:
        cell = cell[1:]
    return cell.strip("\"'‘’“” \t")
