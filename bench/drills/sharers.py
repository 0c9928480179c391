"""Shares one after the other until it is ended; prints each one's token once it is committed."""

import os

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vocero.config.settings")
    import django

    django.setup()
    from bench.company import fill

    while True:
        print(fill(1)[0], flush=True)
