"""Renders the templates of this folder with Python's jinja2, set up as Hugging Face's transformers does; writes golden.json.

Run it here, with jinja2 installed, after a change: python3 golden.py. Arguments: other folders with templates, to compare."""

import datetime
import json
import pathlib
import sys

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment

NOW = datetime.datetime(2026, 3, 9, 8, 5, 7)


def refuse(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[jinja2.ext.loopcontrols])
env.filters["tojson"] = tojson
env.globals["raise_exception"] = refuse
env.globals["strftime_now"] = NOW.strftime


def render(source, variables):
    try:
        return env.from_string(source).render(**variables)
    except Exception as e:  # what kind is Python's business
        return {"error": type(e).__name__}


def main(folder):
    here = pathlib.Path(__file__).parent
    cases = json.loads((here / "cases.json").read_text())
    snippets = json.loads((here / "snippets.json").read_text())
    golden = {"templates": {}, "snippets": []}
    for path in sorted(folder.glob("*.jinja")):
        golden["templates"][path.name] = {name: render(path.read_text(), case) for name, case in cases.items()}
    for source in snippets["snippets"]:
        golden["snippets"].append({"source": source, "result": render(source, snippets["variables"])})
    (folder / "golden.json").write_text(json.dumps(golden, ensure_ascii=False, indent=1) + "\n")


main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
