"""Where is this house reached, and where does a new colleague come in?"""

from kept.wiring.settings import Settings


def public_url(settings: Settings) -> str:
    """Where visitors reach the house, without a slash at the end."""
    return settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}"


def invitation_link(settings: Settings, token: str) -> str:
    """The page behind an invitation; the token is a secret."""
    return f"{public_url(settings)}/desk/join/{token}"


def follow_link(settings: Settings, token: str) -> str:
    """The page that shows how far an erasing is; it names nobody."""
    return f"{public_url(settings)}/erasure/{token}"
