"""Three people lists as strangers send them: semicolons in Windows-1250, a workbook with a merged head, 5,000 lines."""

import io

import xlsxwriter

SEMICOLONS = (
    "Imię;Nazwisko;Adres e-mail;Dział;Miasto;Kraj;Język;Stanowisko\r\n"
    "Łukasz;Żółciński;Lukasz.Zolcinski@Aurora.example;Sprzedaż;Łódź;Polska;polski;Specjalista ds. sprzedaży\r\n"
    "Świętosława;Źdźbło;swietoslawa@aurora.example;Sprzedaż > Północ;Gdańsk;PL;pl;\r\n"
    'Grażyna;"Dąbek; z domu Ćwik";grazyna@aurora.example;Inżynieria;Kraków;Polska;;Inżynierka\r\n'
    ";;;;;;;\r\n"
    "Józef;Jaś;jozef.jas@aurora.example;;Poznań;Niemcy;niemiecki;\r\n"
).encode("cp1250")

LINES = 5000
FAULTY = 40


def workbook_with_merged_head() -> bytes:
    """A title and a remark above, groups of columns merged over two lines of head, an empty column, and a total below."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    sheet = book.add_worksheet("Dipendenti")
    sheet.merge_range("A1:H1", "Elenco dipendenti 2026 – riservato")
    sheet.write("A2", "Aggiornato il 3 novembre")
    sheet.merge_range("B4:C4", "Persona")
    sheet.merge_range("D4:E4", "Sede")
    sheet.merge_range("F4:F5", "E-mail aziendale")
    sheet.merge_range("G4:G5", "Reparto")
    sheet.merge_range("H4:H5", "Matricola")
    for column, name in enumerate(["", "Nome", "Cognome", "Città", "Paese"]):
        sheet.write(4, column, name)
    people = [
        ("Niccolò", "D’Alò", "Forlì", "Italia", "niccolo.dalo@aurora.example", "Vendite", 1001),
        ("Noè", "Però", "Cefalù", "Italia", "noe.pero@aurora.example", "Vendite", 1002),
        ("José", "Núñez", "Logroño", "Spagna", "jose.nunez@aurora.example", "Ricerca", 1003.0),
    ]
    for line, row in enumerate(people, 5):
        for column, value in enumerate(row, 1):
            sheet.write(line, column, value)
    book.close()
    return target.getvalue()


def five_thousand_lines() -> bytes:
    """A comma-separated list in UTF-8 with a mark; 40 lines are faulty in five ways, spread over the file."""
    faults = [
        lambda n: f"Person {n},person{n}.aurora.example,Team {n % 7},Madrid,ES",
        lambda n: f"Person {n},,Team {n % 7},Madrid,ES",
        lambda n: f",person{n}@aurora.example,Team {n % 7},Madrid,ES",
        lambda n: f"Person {n},person1@aurora.example,Team {n % 7},Madrid,ES",
        lambda n: f"Person {n},person{n}@aurora.example,Team {n % 7},Madrid,Atlantis",
    ]
    lines = ["Employee,Work e-mail,Department,Office,Country"]
    every = LINES // FAULTY
    for n in range(1, LINES + 1):
        if n % every == 0:
            lines.append(faults[n // every % len(faults)](n))
        else:
            lines.append(f"Person {n},person{n}@aurora.example,Team {n % 7},Madrid,ES")
    return ("\ufeff" + "\r\n".join(lines)).encode()
