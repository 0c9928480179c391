"""Two nodes over one PostgreSQL behind a real proxy, one of them killed again and again: every known link is answered."""

import statistics
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.drills import counting, crew
from bench.drills.cluster import Cluster
from bench.drills.counting import Count
from bench.drills.crew import Crew
from bench.drills.finding import Finding
from bench.drills.visitors import Visitors

_PROXY = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  client_header_timeout 10s;
  upstream links {{ server 127.0.0.1:{one} max_fails=0; server 127.0.0.1:{other} max_fails=0; keepalive 32; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://links; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_connect_timeout 1s; proxy_read_timeout 5s; proxy_next_upstream error timeout; proxy_next_upstream_tries 3;
    }}
  }}
}}
"""


@dataclass(frozen=True)
class Outcome:
    """What visitors of the proxy saw; `unique_twice` counts visitors whose one click became two unique ones."""

    kills: int
    clicks: int
    not_sent_on: int
    p99_ms: float
    unique_twice: int
    count: Count

    @property
    def held(self) -> bool:
        """Whether every visitor was sent on and every acknowledged click is unique once.

        A click that was stored when its node died, before it was answered, is asked for again by the proxy at the other
        node: that is a second request, and a repeat of the same visitor.
        """
        return not self.not_sent_on and not self.count.lost and not self.unique_twice


def drill(folder: Path, *, kills: int, seconds_between: float = 10.0) -> Outcome:
    """Kill one node after the other while visitors click through the proxy."""
    cluster = Cluster()
    cluster.start()
    nodes: list[Crew] = []
    proxy = None
    try:
        tokens: list[str] = []
        ports: list[int] = []
        for name in ("one", "other"):
            data = folder / name
            data.mkdir(parents=True)
            environ = counting.clean_environ(
                data, DATABASE_URL=cluster.url, VOCERO_NODE=name, VOCERO_TRUSTED_PROXIES="1", VOCERO_SECRET_KEY="k" * 50
            )
            tokens = tokens or counting.prepare(environ, 50)
            node = Crew(environ, data / "drill.log")
            ports.append(crew.free_port())
            node.add("links", crew.links(ports[-1]), ports[-1])
            node.add("ingest", crew.ingest())
            nodes.append(node)
        for node in nodes:
            node.wait_until_answering("links")
        port = crew.free_port()
        proxy = _start_proxy(folder / "proxy", port, ports)
        visitors = Visitors([port], tokens, threads=12, pause=0.002)
        for number in range(kills):
            time.sleep(seconds_between)
            victim = nodes[number % 2]
            for name in victim.names():
                victim.kill(name)
            time.sleep(min(2.0, seconds_between / 4))
            for name in ("links", "ingest"):
                victim.start(name)
            victim.wait_until_answering("links")
        visitors.stop()
        for node in nodes:
            node.end_all()
            counting.take_in(node.environ)
        count = counting.count(nodes[0].environ, visitors.acknowledged)
        unique = "SELECT visitor FROM tracking_click WHERE verdict = 'valid' GROUP BY visitor HAVING COUNT(*) > 1"
        twice = len(counting.rows(nodes[0].environ, unique))
    finally:
        for node in nodes:
            node.end_all()
        if proxy is not None:
            proxy.terminate()
            proxy.wait(10)
        cluster.remove()
    p99 = statistics.quantiles(visitors.seconds, n=100)[98] * 1000
    wrong = sum(visitors.others.values()) + visitors.failures + len(visitors.marked)
    return Outcome(kills, len(visitors.acknowledged), wrong, p99, twice, count)


def _start_proxy(folder: Path, port: int, ports: list[int]) -> "subprocess.Popen[bytes]":
    folder.mkdir()
    conf = folder / "nginx.conf"
    conf.write_text(_PROXY.format(folder=folder, port=port, one=ports[0], other=ports[1]))
    proxy = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(conf), "-e", str(folder / "error.log")])
    crew.wait_for(port)
    return proxy


def long(folder: Path, faults: int, seed: int) -> Finding:
    """Two nodes over one PostgreSQL behind nginx, one of them killed every ten seconds."""
    outcome = drill(folder, kills=faults)
    return Finding(outcome.held, asdict(outcome))
