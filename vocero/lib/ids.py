"""Random names for rows: public ids for pages and API, tokens for links, secrets and codes for people."""

import secrets
import string

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
PUBLIC_ID_LENGTH = 12
LINK_TOKEN_LENGTH = 11
CODE_LENGTH = 6


def random_base62(length: int) -> str:
    """Give a random word of `length` base62 characters (5.95 bits each) from the system's generator."""
    return "".join(secrets.choice(BASE62) for _ in range(length))


def public_id() -> str:
    """Give the id under which pages and the API know a row: 12 base62 characters, 71 bits."""
    return random_base62(PUBLIC_ID_LENGTH)


def link_token() -> str:
    """Give the token of a tracked link: 11 base62 characters, 65 bits, so that codes cannot be guessed."""
    return random_base62(LINK_TOKEN_LENGTH)


def is_link_token(text: str) -> bool:
    """Say whether the text has the form of a link token."""
    return len(text) == LINK_TOKEN_LENGTH and all(character in BASE62 for character in text)


def new_secret() -> str:
    """Give a secret for a key or a personal link: 43 characters safe in a URL, 256 bits."""
    return secrets.token_urlsafe(32)


def new_code() -> str:
    """Give six random digits for a person to type; leading zeros are kept."""
    return f"{secrets.randbelow(10**CODE_LENGTH):0{CODE_LENGTH}d}"
