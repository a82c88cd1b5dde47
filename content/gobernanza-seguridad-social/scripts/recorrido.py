"""Make the recording "Recorrido en imágenes" of module 1: video, captions, poster and the activity's file.

Each sentence below is spoken by espeak-ng on its own and measured, so the captions have the speech's real times. A scene is
padded to a whole second, so that chapters begin where they say. The pictures are the module's figures (media/*.svg) on a
slide with the design's colours and fonts. The rates that are spoken are compared with parametros.yaml before anything is made.

Needs, from Debian: espeak-ng, ffmpeg, librsvg2-bin, woff2 (the fonts are the site's own, static/fonts); from PyPI: ruamel.yaml.
Run: PYTHONPATH=content/scripts python content/gobernanza-seguridad-social/scripts/recorrido.py [--frames]   (--frames leaves the slides as PNG in a temporary folder, to look at them, and stops)
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import wave
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from xml.sax.saxutils import escape

from dibujo import CSS, LIGHT
from ruamel.yaml import YAML

COURSE = Path(__file__).resolve().parent.parent
MODULE = COURSE / "01-la-seguridad-social-en-ecuador"
MEDIA = MODULE / "media"
FONTS = COURSE.parent.parent / "static" / "fonts"
WIDTH, HEIGHT, FRAMES = 854, 480, 10
VOICE = ["-v", "es-419", "-s", "178", "-p", "42"]
GAP, SCENE_GAP = Decimal("0.30"), Decimal("0.45")
RATES = {"aporte_personal_privado": "9.45", "aporte_patronal_privado": "11.15", "cobertura_2019": "34.8"}


@dataclass(frozen=True)
class Line:
    """One sentence: its captions, what is said if it is not the Spanish caption, and the words it adds to the slide."""

    es: str
    en: str
    said: str = ""
    point: str = ""


@dataclass(frozen=True)
class Scene:
    """One chapter: its titles, the module's figure (none on the first and last slide) and its sentences."""

    es: str
    en: str
    figure: str
    lines: tuple[Line, ...]


SCENES = (
    Scene("Presentación", "Opening", "", (
        Line("Este es un recorrido por el primer módulo, en imágenes.", "This is a picture tour of the first module."),
        Line("Verá seis ideas, una por lección.", "You will see six ideas, one from each lesson."),
    )),
    Scene("El piso cubre toda la vida", "The floor covers the whole life cycle", "piso-ciclo-de-vida", (
        Line("El piso de protección social tiene cuatro garantías.", "The social protection floor has four guarantees.",
             point="Cuatro garantías"),
        Line("La primera, la salud esencial, acompaña toda la vida.", "The first, essential health care, lasts a lifetime.",
             point="Salud, sin interrupción"),
        Line("Las otras tres son un ingreso básico en la niñez, en la edad activa y en la vejez.",
             "The other three secure a basic income in childhood, working age and old age.", point="Ingreso, por etapas"),
    )),
    Scene("De la Caja de Pensiones al IESS", "From the Pensions Fund to IESS", "linea-de-tiempo", (
        Line("La Caja de Pensiones se creó en 1928.", "The Pensions Fund (Caja de Pensiones) was created in 1928.",
             point="1928, la primera caja"),
        Line("El Instituto Ecuatoriano de Seguridad Social, el IESS, nació en 1970.",
             "The Ecuadorian Social Security Institute, known as IESS, was founded in 1970.",
             said="El Instituto Ecuatoriano de Seguridad Social, el iess, nació en 1970.", point="1970, el IESS"),
        Line("La ley que lo rige se publicó en 2001.", "The law that governs it was published in 2001.", point="2001, la ley"),
    )),
    Scene("A quién alcanza la ley", "Who is covered", "afiliacion-por-regimen", (
        Line("La ley alcanza a quien recibe ingresos por su trabajo, con patrono o sin él.",
             "The law covers everyone who earns an income from work, with or without an employer.", point="Con patrono o sin él"),
        Line("Según un recuento de prensa, casi 85 de cada 100 personas afiliadas están en el Seguro Obligatorio.",
             "According to press reports, almost 85 of every 100 insured people are in the compulsory scheme.",
             said="Según un recuento de prensa, casi ochenta y cinco de cada cien personas afiliadas están en el Seguro Obligatorio.",
             point="Casi 85 de cada 100"),
    )),
    Scene("Tres bolsillos pagan", "Where the money comes from", "quien-paga-bolsillos", (
        Line("El dinero sale de tres bolsillos: quien trabaja, quien emplea y el Estado.",
             "The money comes from three sources: workers, employers and the State.", point="Tres bolsillos"),
        Line("Según tablas de 2017, al sueldo se le descontaba el 9,45 %.",
             "According to figures published in 2017, 9.45% was deducted from wages.",
             said="Según tablas de dos mil diecisiete, al sueldo se le descontaba el nueve coma cuarenta y cinco por ciento.",
             point="9,45 % del sueldo"),
        Line("La empresa ponía aparte el 11,15 %.", "The company paid another 11.15% on top.",
             said="La empresa ponía aparte el once coma quince por ciento.", point="11,15 % de la empresa"),
        Line("El Estado completa cuando los aportes no alcanzan.", "The State makes up the difference when contributions fall short.",
             point="El Estado completa"),
    )),
    Scene("Cada cifra, con su grupo", "Every figure belongs to a group", "cobertura-de-tres-grupos", (
        Line("En 2019, casi 35 de cada 100 habitantes tenían algún mecanismo de protección.",
             "In 2019, almost 35 of every 100 inhabitants had some form of protection.",
             said="En dos mil diecinueve, casi treinta y cinco de cada cien habitantes tenían algún mecanismo de protección.",
             point="34,8 % de habitantes"),
        Line("Entre quienes trabajan por su cuenta, 2 de cada 10 tenían un seguro social.",
             "Among the self-employed, 2 in 10 had some social insurance.",
             said="Entre quienes trabajan por su cuenta, dos de cada diez tenían un seguro social.", point="20 % de independientes"),
        Line("Son grupos distintos y no se mezclan.", "These are different groups, and the figures must not be mixed.",
             point="No se mezclan"),
    )),
    Scene("Gobernar el seguro", "Governing social insurance", "circuito-de-gobernanza", (
        Line("Gobernar es decidir, controlar y rendir cuentas.", "Governing means deciding, overseeing and being accountable.",
             point="Decidir y controlar"),
        Line("Las decisiones bajan y las cuentas deben volver a quienes aportan.",
             "Decisions flow down, and contributors must be told of the results.", point="Rendir cuentas"),
        Line("Ante una propuesta, pregunte quién decide, qué se publica y quién responde.",
             "When you see a proposal, ask who decides, what is published and who is answerable.", point="Tres preguntas"),
    )),
    Scene("Para seguir", "What comes next", "", (
        Line("Si una idea le resultó nueva, vuelva a su lección.", "If an idea was new to you, go back to its lesson."),
        Line("Si ya las conoce, pase al cuestionario.", "If you knew them all already, go on to the quiz."),
    )),
)


def run(*command: str | Path, **more) -> None:
    """Run a program and stop if it fails."""
    subprocess.run([str(c) for c in command], check=True, **more)


def wrapped(words: str, width: int) -> list[str]:
    """Cut a text into lines of at most `width` characters."""
    out: list[str] = []
    for word in words.split():
        if out and len(out[-1]) + 1 + len(word) <= width:
            out[-1] += " " + word
        else:
            out.append(word)
    return out


def balanced(words: str, width: int) -> list[str]:
    """One line if it fits in `width` characters, else two of about the same length."""
    return [words] if len(words) <= width else next(w for n in range(len(words) // 2, 60) if len(w := wrapped(words, n)) == 2)


def figure(name: str) -> str:
    """The module's figure as a nested drawing that fills the white card."""
    source = (MEDIA / f"{name}.svg").read_text(encoding="utf-8")
    head = re.search(r'<svg[^>]*viewBox="([^"]+)"[^>]*>', source)
    inner = re.sub(r"<(title|desc)>.*?</\1>", "", source[head.end() : source.rindex("</svg>")], flags=re.S)
    return f'<svg x="426" y="42" width="392" height="384" viewBox="{head[1]}" preserveAspectRatio="xMidYMid meet">{inner}</svg>'


def slide(number: int, scene: Scene, points: list[str]) -> str:
    """One slide: title and points at the left, figure at the right, the place in the tour below."""
    c = LIGHT
    part = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">']
    if scene.figure:
        part.append('<rect width="854" height="480" fill="#f9faf8"/>')
        part.append(f'<rect x="410" y="26" width="424" height="416" rx="12" fill="{c["surface"]}" stroke="{c["line"]}"/>')
        part.append(f'<text x="36" y="74" class="small" fill="{c["ink2"]}">Idea {number} de {len(SCENES) - 2}</text>')
        y = 118
        for words in balanced(scene.es, 20):
            part.append(f'<text x="36" y="{y}" class="title" fill="{c["brand"]}">{escape(words)}</text>')
            y += 42
        y += 16
        for i, point in enumerate(points):
            last = i == len(points) - 1
            part.append(f'<rect x="36" y="{y - 17}" width="6" height="22" fill="{c["lamp"] if last else c["line"]}"/>')
            part.append(f'<text x="54" y="{y}" class="point" fill="{c["ink"] if last else c["ink2"]}">{escape(point)}</text>')
            y += 40
        part.append(figure(scene.figure))
    else:
        part.append('<rect width="854" height="480" fill="#0c2c3c"/>')
        if number == 0:
            part.append('<text x="64" y="150" class="small" fill="#b3c8d0">Conceptos y gobernanza de la seguridad social · Módulo 1</text>')
            for i, words in enumerate(("La protección social", "en Ecuador, en imágenes")):
                part.append(f'<text x="64" y="{222 + 58 * i}" class="cover" fill="#e9f1f3">{words}</text>')
            for i in range(6):
                part.append(f'<rect x="{64 + 52 * i}" y="330" width="40" height="40" rx="4" fill="{c["lamp"] if i < 3 else "#2b4b5b"}"/>')
        else:
            part.append('<text x="64" y="84" class="title" fill="#e9f1f3">Seis ideas</text>')
            for i, other in enumerate(s for s in SCENES if s.figure):
                part.append(f'<rect x="64" y="{114 + 52 * i}" width="34" height="34" rx="4" fill="{c["lamp"]}"/>')
                part.append(f'<text x="81" y="{138 + 52 * i}" class="point" text-anchor="middle" fill="{c["ink"]}">{i + 1}</text>')
                part.append(f'<text x="116" y="{138 + 52 * i}" class="point" fill="#e9f1f3">{escape(other.es)}</text>')
    for i in range(len(SCENES)):
        colour = c["lamp"] if i == number else ("#75838b" if scene.figure else "#2b4b5b")
        part.append(f'<rect x="{36 + 30 * i}" y="456" width="24" height="5" rx="2" fill="{colour}"/>')
    return "\n".join([*part, "</svg>"])


def unpack_fonts(folder: Path) -> None:
    """Make the site's fonts usable for drawing (Pango does not read WOFF2)."""
    for font in FONTS.glob("*.woff2"):
        copy = folder / font.name
        copy.write_bytes(font.read_bytes())
        run("woff2_decompress", copy)
        copy.unlink()
    (folder / "fonts.conf").write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
        f"<dir>{folder}</dir><dir>/usr/share/fonts</dir><cachedir>{folder}/cache</cachedir></fontconfig>"
    )


def render(source: str, target: Path, folder: Path) -> None:
    """Make a PNG of a slide with the site's fonts."""
    sans = "font-family:'Atkinson Hyperlegible Next',sans-serif"
    css = CSS.format(**LIGHT).replace("svg{background:#fff}", "").replace("text{", "svg svg text{")
    css += f".small{{font-size:18px;{sans}}} .point{{font-size:22px;{sans}}} .title{{font-size:34px;font-family:Literata,serif;font-weight:600}}"
    css += ".cover{font-size:48px;font-family:Literata,serif;font-weight:600}"
    (folder / "slide.css").write_text(css)
    (folder / "slide.svg").write_text(source, encoding="utf-8")
    run("rsvg-convert", "--stylesheet", folder / "slide.css", "-o", target, folder / "slide.svg",
        env={**os.environ, "FONTCONFIG_FILE": str(folder / "fonts.conf")})


def spoken(words: str, target: Path) -> bytes:
    """Say a sentence and give its samples (22 050 Hz, 16 bits, mono) without the silence at both ends."""
    run("espeak-ng", *VOICE, "-w", target, words)
    with wave.open(str(target)) as sound:
        assert (sound.getframerate(), sound.getsampwidth(), sound.getnchannels()) == (22050, 2, 1)
        samples = sound.readframes(sound.getnframes())
    loud = [i for i in range(0, len(samples), 2) if abs(int.from_bytes(samples[i : i + 2], "little", signed=True)) > 150]
    return samples[loud[0] : loud[-1] + 2]


def stamp(seconds: Decimal) -> str:
    """A WebVTT time."""
    return f"{int(seconds // 60):02d}:{seconds % 60:06.3f}"


def clock(seconds: Decimal) -> str:
    """m:ss, for chapters and duration."""
    return f"{int(seconds // 60)}:{int(seconds % 60):02d}"


def silence(seconds: Decimal) -> bytes:
    """Zeros for so many seconds."""
    return bytes(2 * int(seconds * 22050))


def captions(cues: list[tuple[Decimal, Decimal, Line]], language: str) -> str:
    """The WebVTT file of one language, at most two lines a cue."""
    out = ["WEBVTT", ""]
    for start, end, line in cues:
        out += [f"{stamp(start)} --> {stamp(end)}", *balanced(getattr(line, language), 42), ""]
    return "\n".join(out)


def activity(chapters: list[tuple[Decimal, Scene]], duration: Decimal) -> str:
    """The recording's YAML."""
    marks = "".join(f"  - at: {clock(at)}\n    title:\n      es: {s.es}\n      en: {s.en}\n" for at, s in chapters)
    return f"""key: recorrido-modulo-1
title:
  es: Recorrido en imágenes
  en: A picture tour
summary:
  es: Las seis ideas del módulo en minuto y medio, con sus figuras y una voz sintética. Los subtítulos dicen lo mismo que la voz.
  en: The six ideas of the module in a minute and a half, with its figures. The synthetic voice and the words in the pictures are in Spanish; English captions are provided.
preview: true
file: media/recorrido-modulo-1.mp4
poster: media/recorrido-modulo-1.png
poster_alt:
  es: 'Portada del video: La protección social en Ecuador, en imágenes.'
  en: 'Cover of the video: social protection in Ecuador, in pictures.'
duration: {clock(duration)}
captions:
  es: media/recorrido-modulo-1.es.vtt
  en: media/recorrido-modulo-1.en.vtt
chapters:
{marks.rstrip()}
"""


def main() -> None:
    """Check the numbers, speak, draw, join, and write everything into the module."""
    parameters = YAML(typ="safe", pure=True).load(COURSE / "parametros.yaml")
    for name, value in RATES.items():
        assert Decimal(str(parameters[name]["value"])) == Decimal(value), f"{name}: correct the narration"
    folder = Path(tempfile.mkdtemp(prefix="recorrido-"))
    unpack_fonts(folder)
    now, sound, cues, chapters, shots = Decimal(0), b"", [], [], []
    for number, scene in enumerate(SCENES):
        chapters.append((now, scene))
        points: list[str] = []
        piece = silence(GAP)
        for index, line in enumerate(scene.lines):
            if line.point:
                points = [*points, line.point]
            picture = folder / f"slide-{number}-{index}.png"
            render(slide(number, scene, points), picture, folder)
            start = len(piece)
            piece += spoken(line.said or line.es, folder / "line.wav")
            seconds = lambda size: (Decimal(size) / 44100).quantize(Decimal("0.001"))  # noqa: E731 - a formula
            cues.append((now + seconds(start), now + seconds(len(piece)), line))
            shots.append((now + (seconds(start) if index else 0), picture))
            piece += silence(SCENE_GAP if line is scene.lines[-1] else GAP)
        whole = -(-len(piece) // 44100)
        sound += piece + bytes(whole * 44100 - len(piece))
        now += whole
    print("slides in", folder, "duration", clock(now))
    if "--frames" in sys.argv:
        return
    with wave.open(str(folder / "voice.wav"), "wb") as voice:
        voice.setnchannels(1), voice.setsampwidth(2), voice.setframerate(22050)
        voice.writeframes(sound)
    ends = [at for at, _ in shots[1:]] + [now]
    listing = "".join(f"file '{p}'\nduration {end - at}\n" for (at, p), end in zip(shots, ends, strict=True))
    (folder / "list.txt").write_text(listing + f"file '{shots[-1][1]}'\n")
    run("ffmpeg", "-v", "error", "-y", "-f", "concat", "-safe", "0", "-i", folder / "list.txt", "-i", folder / "voice.wav",
        "-vf", f"fps={FRAMES},format=yuv420p", "-c:v", "libx264", "-profile:v", "main", "-level", "3.1", "-preset", "slow",
        "-tune", "stillimage", "-crf", "24", "-g", str(FRAMES * 10), "-c:a", "aac", "-b:a", "40k", "-ac", "1", "-ar", "22050",
        "-af", "loudnorm=I=-20:TP=-4", "-ar", "22050", "-t", str(now), "-movflags", "+faststart", "-map_metadata", "-1",
        "-fflags", "+bitexact", "-threads", "1", MEDIA / "recorrido-modulo-1.mp4")
    run("ffmpeg", "-v", "error", "-y", "-i", shots[0][1], "-vf", "split[a][b];[a]palettegen=max_colors=32[p];[b][p]paletteuse=dither=none",
        "-fflags", "+bitexact", MEDIA / "recorrido-modulo-1.png")
    for language in ("es", "en"):
        (MEDIA / f"recorrido-modulo-1.{language}.vtt").write_text(captions(cues, language), encoding="utf-8")
    (MODULE / "30-recorrido.recording.yaml").write_text(activity(chapters, now), encoding="utf-8")
    for name in ("mp4", "png", "es.vtt", "en.vtt"):
        print(name, (MEDIA / f"recorrido-modulo-1.{name}").stat().st_size)


if __name__ == "__main__":
    main()
