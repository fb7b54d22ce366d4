"""The terminal entrance: `kept`."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

app = App(name="kept", help="A customer trust desk: what was promised is what is done.")
Data = Annotated[Path, Parameter(name="--data", help="The data folder.")]


@app.command
def init(*, data: Data = Path("shop"), name: str, owner: str, passphrase_file: Path) -> None:
    """Make a new house."""
    from kept.crypto.providers.passphrase import PassphraseProvider
    from kept.crypto.secret import Secret
    from kept.wiring.founding import Founding, found_house
    from kept.wiring.settings import read_secret_file, read_settings

    phrase = Secret(read_secret_file(passphrase_file).encode())
    made = found_house(data, Founding(name, owner), PassphraseProvider(phrase), read_settings(data))
    print(" ".join(made.recovery_words))
    print(f"/desk/join/{made.invitation.token}")


@app.command
def serve(*, data: Data = Path("shop"), passphrase_file: Path, port: int = 8700) -> None:
    """Serve the house."""
    import dataclasses

    import uvicorn

    from kept.crypto.secret import Secret
    from kept.wiring.house import open_house
    from kept.wiring.serving import app_of, worker_of
    from kept.wiring.settings import read_secret_file, read_settings

    settings = dataclasses.replace(
        read_settings(data),
        port=port,
        passphrase=Secret(read_secret_file(passphrase_file).encode()),
    )
    house = open_house(data, settings)
    worker = worker_of(house)
    worker.start()
    try:
        uvicorn.run(
            app_of(house, worker),
            host=settings.host,
            port=port,
            loop="uvloop",
            http="httptools",
            access_log=False,
            timeout_graceful_shutdown=2,
        )
    finally:
        worker.stop()
        house.close()


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
