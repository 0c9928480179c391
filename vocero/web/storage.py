"""Static files with their digest in their names; the modules of JavaScript then import each other by these names."""

from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage  # type: ignore[import-untyped]


class Statics(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """WhiteNoise's storage, with imports between JavaScript modules rewritten too; an address is put together once."""

    support_js_module_import_aggregation = True

    def __init__(self, *args: Any, **named: Any) -> None:
        self._addresses: dict[str, str] = {}
        super().__init__(*args, **named)

    def url(self, name: str, force: bool = False) -> str:
        if force or name not in self.hashed_files:
            return str(super().url(name, force))
        address = self._addresses.get(name)
        if address is None:
            address = self._addresses[name] = str(super().url(name))
        return address

    def save_manifest(self) -> None:
        self._addresses.clear()
        super().save_manifest()
