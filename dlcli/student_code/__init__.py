"""Functions that students write, checked against a homework. They run in `isolation`, never in this process."""

from dlcli.student_code.homework_check import check_code
from dlcli.student_code.own_check import check_alone
from dlcli.student_code.records import CodeCheck, CodePoint, ValueCheck
from dlcli.student_code.target import Target, functions_of, is_code, parse_target, read_code

__all__ = [
    "CodeCheck",
    "CodePoint",
    "Target",
    "ValueCheck",
    "check_alone",
    "check_code",
    "functions_of",
    "is_code",
    "parse_target",
    "read_code",
]
