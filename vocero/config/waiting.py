"""A small page that answers at once while the demo is being made: what is done, what comes next, how far it is.

Standard library only and Python 3.6 syntax, since it also runs before anything is installed. As a program it takes
HOST PORT FILE and shows what FILE holds ({"step": name, "part": 0..1}) until it is stopped or its parent is gone.
"""

import http.server
import json
import os
import socketserver
import sys
import threading
import time
from typing import Any, Dict, Optional

STEPS = ("install", "database", "people", "history", "numbers", "start")
TEXTS = {
    "en": {
        "title": "Vocero is getting ready",
        "lead": "This page turns into the demo by itself. The first time takes about a minute.",
        "install": "Installing what it needs",
        "database": "Making the database",
        "people": "Inviting 240 colleagues",
        "history": "Living through ninety days",
        "numbers": "Counting what it brought",
        "start": "Opening the doors",
    },
    "es": {
        "title": "Vocero se está preparando",
        "lead": "Esta página se convierte sola en la demo. La primera vez tarda alrededor de un minuto.",
        "install": "Instalando lo que necesita",
        "database": "Creando la base de datos",
        "people": "Invitando a 240 personas",
        "history": "Viviendo noventa días",
        "numbers": "Contando lo que ha traído",
        "start": "Abriendo las puertas",
    },
    "it": {
        "title": "Vocero si sta preparando",
        "lead": "Questa pagina diventa da sola la demo. La prima volta ci vuole circa un minuto.",
        "install": "Installo quello che serve",
        "database": "Creo il database",
        "people": "Invito 240 persone",
        "history": "Vivo novanta giorni",
        "numbers": "Conto quello che ha portato",
        "start": "Apro le porte",
    },
    "pl": {
        "title": "Vocero się szykuje",
        "lead": "Ta strona sama zmieni się w demo. Za pierwszym razem trwa to około minuty.",
        "install": "Instaluję, co potrzebne",
        "database": "Tworzę bazę danych",
        "people": "Zapraszam 240 osób",
        "history": "Przeżywam dziewięćdziesiąt dni",
        "numbers": "Liczę, co to dało",
        "start": "Otwieram drzwi",
    },
}
STYLE = """
:root{color-scheme:light dark;--ink:#1d2030;--soft:#5b6075;--line:#e2e4ec;--brand:#4a5fd9;--paper:#f8f8fb;--good:#1f7a4d}
@media(prefers-color-scheme:dark){:root{--ink:#eef0f7;--soft:#a9aec2;--line:#34384a;--brand:#93a3ff;--paper:#171926;--good:#6fd3a0}}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--paper);color:var(--ink);
font:17px/1.55 system-ui,sans-serif}main{width:min(30rem,calc(100vw - 3rem))}h1{font-size:1.7rem;letter-spacing:-.02em;margin:0 0 .4rem}
p{color:var(--soft);margin:0 0 1.6rem}ol{list-style:none;margin:0;padding:0}li{display:flex;gap:.7rem;padding:.3rem 0;color:var(--soft)}
li::before{content:"";width:.6rem;height:.6rem;margin-top:.5rem;border-radius:50%;background:var(--line);flex:none}
li.done::before{background:var(--good)}li.now{color:var(--ink);font-weight:600}li.now::before{background:var(--brand)}
progress{width:100%;height:.5rem;accent-color:var(--brand);margin-top:1.4rem}
"""


def language_of(header: Optional[str]) -> str:
    """The first offered language in an Accept-Language header, else English."""
    for part in (header or "").split(","):
        code = part.split(";")[0].strip().lower()[:2]
        if code in TEXTS:
            return code
    return "en"


def page(status: Dict[str, Any], language: str) -> str:
    """The page as HTML: every step, the one that runs now, and how far it is (0 to 1)."""
    texts = TEXTS[language]
    step = status.get("step", STEPS[0])
    now = STEPS.index(step) if step in STEPS else 0
    part = min(max(float(status.get("part", 0)), 0), 1)
    items = []
    for number, name in enumerate(STEPS):
        state = "done" if number < now else "now" if number == now else "next"
        current = ' aria-current="step"' if number == now else ""
        items.append('<li class="{}"{}>{}</li>'.format(state, current, texts[name]))
    return (
        '<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        '<meta http-equiv="refresh" content="1"><title>{title}</title><style>{style}</style></head><body><main>'
        '<h1>{title}</h1><p>{lead}</p><ol>{items}</ol><progress max="100" value="{value}" aria-label="{title}"></progress>'
        "</main></body></html>"
    ).format(
        lang=language,
        title=texts["title"],
        lead=texts["lead"],
        style=STYLE,
        items="".join(items),
        value=int(100 * (now + part) / len(STEPS)),
    )


def read(path: str) -> Dict[str, Any]:
    """What the file says; an empty dict while it is not there or half written."""
    try:
        with open(path) as file:
            found: Dict[str, Any] = json.load(file)
            return found
    except (OSError, ValueError):
        return {}


def write(path: str, step: str, part: float = 0.0) -> None:
    """Say how far it is, in one atomic step."""
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path + ".new", "w") as file:
        json.dump({"step": step, "part": part}, file)
    os.replace(path + ".new", path)


def serve(host: str, port: int, path: str) -> None:
    """Answer every address with the page until the parent process is gone."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = page(read(path), language_of(self.headers.get("Accept-Language"))).encode("utf-8")
            self.send_response(503)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("Retry-After", "1")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: the console belongs to the demo."""

    class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
        daemon_threads = True
        allow_reuse_address = True

    server = Server((host, port), Page)
    parent = os.getppid()

    def end_with_parent() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        server.shutdown()

    threading.Thread(target=end_with_parent, daemon=True).start()
    server.serve_forever(poll_interval=0.1)


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), sys.argv[3])
