"""Static files with their digest in their names; the modules of JavaScript then import each other by these names."""

from whitenoise.storage import CompressedManifestStaticFilesStorage  # type: ignore[import-untyped]


class Statics(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """WhiteNoise's storage, with imports between JavaScript modules rewritten too."""

    support_js_module_import_aggregation = True
