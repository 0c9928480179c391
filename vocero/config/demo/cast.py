"""The people of the demo company: names by country, teams and jobs, drawn from one seeded generator."""

import random
import unicodedata
from dataclasses import dataclass
from typing import Final

COMPANY: Final = "Velora"
DOMAIN: Final = "velora.example"


@dataclass(frozen=True)
class Place:
    """A site of the company and the names common there."""

    location: str
    country: str
    language: str
    time_zone: str
    weight: int
    given: tuple[str, ...]
    family: tuple[str, ...]


@dataclass(frozen=True)
class Person:
    """One member of the demo company before it is imported."""

    name: str
    email: str
    team: str
    job_title: str
    location: str
    country: str
    language: str
    time_zone: str


PLACES: Final = (
    Place(
        "Valencia", "ES", "es", "Europe/Madrid", 34,
        ("Lucía", "Carmen", "Pablo", "Marcos", "Inés", "Álvaro", "Nuria", "Sergio", "Elena", "Javier", "Marta", "Hugo",
         "Rocío", "Daniel", "Pilar", "Andrés", "Teresa", "Iván", "Sofía", "Raúl"),
        ("Ortega", "Navarro", "Iglesias", "Ferrer", "Molina", "Vidal", "Campos", "Serrano", "Pastor", "Cano", "Rey",
         "Bosch", "Marín", "Soler", "Peña", "Fuentes"),
    ),
    Place(
        "Bologna", "IT", "it", "Europe/Rome", 26,
        ("Giulia", "Marco", "Chiara", "Luca", "Francesca", "Matteo", "Elisa", "Davide", "Sara", "Andrea", "Marta",
         "Paolo", "Irene", "Stefano", "Alice", "Nicola", "Valentina", "Simone"),
        ("Rossi", "Ferrari", "Conti", "Gallo", "Marchetti", "Rinaldi", "Fabbri", "Monti", "Grassi", "Testa", "Longo",
         "Serra", "Villa", "Neri", "Bassi"),
    ),
    Place(
        "Wrocław", "PL", "pl", "Europe/Warsaw", 24,
        ("Agnieszka", "Łukasz", "Katarzyna", "Michał", "Zofia", "Paweł", "Joanna", "Tomasz", "Ewa", "Piotr", "Magda",
         "Krzysztof", "Hanna", "Wojciech", "Alicja", "Bartosz", "Maja", "Grzegorz"),
        ("Kowalczyk", "Wiśniewska", "Zieliński", "Lewandowska", "Wójcik", "Kaczmarek", "Mazur", "Krawczyk", "Szczepański",
         "Grabowska", "Pawlak", "Sikora", "Baran", "Duda", "Brzęczyszczykiewicz"),
    ),
    Place(
        "Dublin", "IE", "en", "Europe/Dublin", 16,
        ("Aoife", "Tom", "Niamh", "Sean", "Orla", "Daniel", "Emma", "Ciara", "Liam", "Grace", "Noah", "Maeve", "Jack",
         "Hannah", "Adam"),
        ("Byrne", "Walsh", "Baker", "Kelly", "Doyle", "Murphy", "Nolan", "Quinn", "Okafor", "Reilly", "Patel", "Hughes"),
    ),
)  # fmt: skip

TEAMS: Final[dict[str, tuple[int, tuple[str, ...]]]] = {
    "Design & Engineering": (46, ("Frame engineer", "Battery engineer", "Industrial designer", "Test rider", "Firmware developer")),
    "Factory": (54, ("Assembler", "Paint technician", "Shift lead", "Quality inspector", "Welder")),
    "Sales": (34, ("Fleet adviser", "Dealer manager", "Key account manager", "Sales assistant")),
    "Customer care": (30, ("Care adviser", "Workshop coach", "Field technician")),
    "Marketing": (18, ("Content editor", "Brand designer", "Event organiser", "Performance analyst")),
    "People": (14, ("Recruiter", "Learning partner", "HR adviser")),
    "Logistics": (26, ("Dispatcher", "Buyer", "Warehouse lead", "Parts planner")),
    "Finance & IT": (18, ("Controller", "System engineer", "Data analyst", "Accountant")),
}  # fmt: skip

LONGEST: Final = "Maria Wilhelmina Brzęczyszczykiewicz-Castellanos de la Fuente"


def people(count: int, seed: int) -> list[Person]:
    """Give `count` distinct people over teams and places in the proportions above; the same for the same seed."""
    draw = random.Random(seed)
    teams = [team for team, (size, _) in TEAMS.items() for _ in range(size)]
    draw.shuffle(teams)
    made: list[Person] = []
    taken: set[str] = set()
    while len(made) < count:
        place = draw.choices(PLACES, weights=[place.weight for place in PLACES])[0]
        name = LONGEST if len(made) == 17 else f"{draw.choice(place.given)} {draw.choice(place.family)}"
        if name in taken:
            continue
        taken.add(name)
        team = teams[len(made) % len(teams)]
        made.append(
            Person(
                name=name,
                email=f"{_ascii(name)}@{DOMAIN}",
                team=team,
                job_title=draw.choice(TEAMS[team][1]),
                location=place.location,
                country=place.country,
                language=place.language,
                time_zone=place.time_zone,
            )
        )
    return made


def _ascii(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.replace("ł", "l").replace("Ł", "L")).encode("ascii", "ignore").decode()
    return ".".join(plain.lower().replace("-", "").split())
