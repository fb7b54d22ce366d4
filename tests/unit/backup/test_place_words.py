"""Does whoever keeps the shop read in Russian why a place does not answer?"""

import ast
import inspect
from collections.abc import Iterator
from types import ModuleType

import pytest

from kept.backup.places import local, rest, s3, sftp, sftp_files, sftp_link, web
from kept.base.texts import translations
from kept.flows import drill


def said(module: ModuleType) -> Iterator[str]:
    """Every whole sentence that a failure of this module says."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Error"):
            yield from (
                part.value
                for part in node.args
                if isinstance(part, ast.Constant)
                and isinstance(part.value, str)
                and part.value.endswith(".")
            )


@pytest.mark.parametrize("module", [drill, local, rest, s3, sftp, sftp_files, sftp_link, web])
def test_each_sentence_of_a_place_has_its_russian(module: ModuleType) -> None:
    """A page that is Russian around it says it in Russian too."""
    texts = translations("ru")
    assert [words for words in said(module) if texts.gettext(words) == words] == []
