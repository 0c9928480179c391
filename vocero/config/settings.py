"""Django's settings, made from the checked environment; nothing here reads the environment itself."""

from pathlib import Path
from typing import Any

from django.utils.csp import CSP

from vocero.config import environment

ENVIRONMENT = environment.load()
PACKAGE = Path(__file__).resolve().parent.parent

DEBUG = ENVIRONMENT.debug
SECRET_KEY = ENVIRONMENT.secret_key
VOCERO_KEYS = ENVIRONMENT.keys
VOCERO_ALLOW_PRIVATE_HOSTS = ENVIRONMENT.allow_private_hosts
VOCERO_RAW_CLICK_DAYS = ENVIRONMENT.raw_click_days
VOCERO_OLD_CLICKS = ENVIRONMENT.old_clicks
VOCERO_ARCHIVE = ENVIRONMENT.archive
VOCERO_CLICKHOUSE = ENVIRONMENT.clickhouse
ALLOWED_HOSTS = list(ENVIRONMENT.allowed_hosts)
CSRF_TRUSTED_ORIGINS = [ENVIRONMENT.base_url]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "vocero.company",
    "vocero.people",
    "vocero.networks",
    "vocero.content",
    "vocero.policy",
    "vocero.sharing",
    "vocero.tracking",
    "vocero.measurement",
    "vocero.recognition",
    "vocero.notices",
    "vocero.privacy",
    "vocero.api",
    "vocero.web",
    "vocero.config",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "vocero.web.middleware.PersonalMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "vocero.web.public.sessions.SessionLimits",
    "vocero.web.visits.OwnVisitMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "vocero.config.urls"
WSGI_APPLICATION = "vocero.config.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "vocero.web.context.house",
            ],
        },
    }
]
FORM_RENDERER = "vocero.web.rendering.Renderer"

DATABASES = {"default": ENVIRONMENT.database.as_django()}
if ENVIRONMENT.replica:
    DATABASES["replica"] = ENVIRONMENT.replica.as_django()
DATABASE_ROUTERS = ["vocero.lib.replica.ReplicaRouter"]
VOCERO_REPLICA_LAG = ENVIRONMENT.replica_lag
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "people.Member"
AUTHENTICATION_BACKENDS = [
    "vocero.web.public.reading.MemberBackend",
    "vocero.web.public.reading.SignInBackend",
]
SESSION_ENGINE = "vocero.web.public.reading"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "public:sign-in"
LOGIN_REDIRECT_URL = "public:home"
SESSION_COOKIE_AGE = 90 * 24 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENVIRONMENT.is_https
SESSION_COOKIE_SAMESITE = "Lax"

ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_LOGIN_BY_CODE_FORMAT = {"numeric": True, "length": 6, "dashed": False}
ACCOUNT_RATE_LIMITS = {
    "request_login_code": "120/m/ip,3/m/key,12/h/key,40/d/key",
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key,30/d/key",
}
ALLAUTH_TRUSTED_PROXY_COUNT = ENVIRONMENT.trusted_proxies
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_ADAPTER = "vocero.web.public.accounts.AccountAdapter"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_NOTIFICATIONS = False
ACCOUNT_PREVENT_ENUMERATION = True

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español"), ("it", "Italiano"), ("pl", "Polski")]
LANGUAGE_COOKIE_NAME = "language"
LOCALE_PATHS = [PACKAGE / "locale"]
FORMAT_MODULE_PATH = ["vocero.web.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATIC_ROOT = ENVIRONMENT.data / "static"
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(ENVIRONMENT.storage)},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage" if DEBUG else "vocero.web.storage.Statics"
    },
}
WHITENOISE_USE_FINDERS = DEBUG

MAILERS = {"default": {"BACKEND": "django.core.mail.backends.dummy.EmailBackend"}}
if ENVIRONMENT.mail_server is not None:
    MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": ENVIRONMENT.mail_server.as_django(),  # type: ignore[dict-item]
        }
    }
elif ENVIRONMENT.demo:
    MAILERS = {"default": {"BACKEND": "vocero.notices.mailbox.EmailBackend"}}
DEFAULT_FROM_EMAIL = ENVIRONMENT.mail_from

SECURE_CSP = {
    "default-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:", "blob:"],
    "style-src": [CSP.SELF],
    "script-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.SELF],
    # Chromium also holds the redirect after a form to this: connecting an account leads to the network's own server.
    "form-action": [CSP.SELF, "https:", *(f"http://{place}" for place in ENVIRONMENT.allow_private_hosts)],
    "frame-ancestors": [CSP.NONE],
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENVIRONMENT.trusted_proxies else None
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "logging.Formatter" if DEBUG else "vocero.config.logs.Discreet",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "filters": {"without_paths": {"()": "vocero.config.logs.WithoutPaths"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["without_paths"]}},
    "root": {"handlers": ["console"], "level": "INFO"},
    # The addresses that are called may hold tokens.
    "loggers": {"httpx2": {"level": "WARNING"}, "httpcore2": {"level": "WARNING"}},
}
