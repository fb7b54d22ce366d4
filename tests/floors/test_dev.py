"""Does ./dev say in plain words what is missing, and never leave half an environment behind?"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
NOWHERE = "nothing-of-this-name==1.0 \\\n    --hash=sha256:" + "0" * 64 + "\n"


def dev(folder: Path, *arguments: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """Run ./dev of a folder after some lines that change what it finds."""
    script = f"import runpy, sys\n{before}\nsys.argv[:] = {['dev', *arguments]!r}\n"
    script += f"runpy.run_path({str(folder / 'dev')!r}, run_name='__main__')"
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env={**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def checkout(folder: Path) -> Path:
    """A checkout whose locks can be met by nobody."""
    shutil.copy(ROOT / "dev", folder)
    shutil.copy(ROOT / "pyproject.toml", folder)
    for name in ("requirements.lock", "requirements-dev.lock"):
        (folder / name).write_text(NOWHERE, encoding="utf-8")
    return folder


def test_old_python_is_told(tmp_path: Path) -> None:
    """Python 3.9 is sent away with the version that is wanted."""
    run = dev(checkout(tmp_path), "run", before="sys.version_info = (3, 9, 1)")
    assert run.returncode == 1
    assert "wants Python 3.11 or newer; this is 3.9" in run.stderr
    assert not (tmp_path / ".venv").exists()


def test_no_way_to_install_is_told(tmp_path: Path) -> None:
    """Neither ensurepip nor pip: the package to install is named."""
    run = dev(
        checkout(tmp_path), "run", before="sys.modules['ensurepip'] = sys.modules['pip'] = None"
    )
    assert run.returncode == 1
    assert "apt-get install python3-venv" in run.stderr


def test_no_venv_module_is_told(tmp_path: Path) -> None:
    """Some systems ship Python without venv."""
    run = dev(checkout(tmp_path), "run", before="sys.modules['venv'] = None")
    assert run.returncode == 1
    assert "no venv module" in run.stderr


def test_a_failed_install_leaves_no_stamp(tmp_path: Path) -> None:
    """What pip could not finish is never taken for finished; the next run starts anew."""
    folder = checkout(tmp_path)
    (folder / ".venv").mkdir()
    (folder / ".venv" / "left-over").touch()
    run = dev(folder, "kept", before="sys.modules['ensurepip'] = None")  # the system's pip
    assert run.returncode == 1
    assert "Nothing was lost. Run the same command again" in run.stderr
    assert not (folder / ".venv" / "kept-stamp").exists()
    assert not (folder / ".venv" / "left-over").exists()


def test_unknown_command_shows_the_known(tmp_path: Path) -> None:
    """A slip of the keyboard builds nothing."""
    run = dev(checkout(tmp_path), "tets")
    assert run.returncode == 1
    assert "no command `tets`" in run.stderr
    assert "./dev test [ARGS]" in run.stderr
    assert not (tmp_path / ".venv").exists()
