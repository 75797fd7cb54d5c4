#!/usr/bin/env python3
"""scripts/dev new dissector NAME in a copy of the tree: what it changes, and that what it makes builds, passes and is fuzzed.

  new_dissector_test.py BUILD     a build whose tests/test_dissectors is up to date: what is new is compiled and linked as that
                                  was, so that nothing else is compiled again
"""
import json, os, pathlib, shlex, shutil, subprocess, sys, tempfile, unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
NAME = "specimen"
TEMPLATE = "tests/dissectors/template/"


def run(command, **words):
    done = subprocess.run(command, capture_output=True, text=True, **words)
    if done.returncode != 0: raise AssertionError(f"{command}\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done.stdout


def sources():
    """Files of the tree: what git knows of, or, of a tree without it, what is in no build's folder."""
    if (ROOT / ".git").exists():
        names = run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT).splitlines()
    else:
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if not path.relative_to(ROOT).parts[0].startswith("build")]
    return [name for name in names if (ROOT / name).is_file()]  # not what is deleted, and not yet committed


class NewDissector(unittest.TestCase):
    def setUp(self):
        work = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, work)
        self.copy, self.objects = work / "tree", work / "objects"
        self.objects.mkdir()
        for name in sources():
            (self.copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.copy / name)
        self.git("init", "-q")
        self.git("add", "-A")
        self.git("-c", "user.name=test", "-c", "user.email=test@localhost", "commit", "-qm", "the tree")
        run([self.copy / "scripts/dev", "new", "dissector", NAME])
        self.commands = json.loads((BUILD / "compile_commands.json").read_text())

    def git(self, *words): return run(["git", *words], cwd=self.copy)

    def compile(self, like, source):
        """Compiles `source` of the copy as `like` was in the build; its object."""
        entry = next(c for c in self.commands if c["file"].endswith(like))
        made = self.objects / (source.replace("/", "_") + ".o")
        command, out = shlex.split(entry["command"]), []
        for word in command:
            previous = out[-1] if out else ""
            if previous == "-o": word = str(made)
            elif previous in ("-MF", "-MQ"): word = str(made) + ".d"
            elif word == entry["file"]: word = str(self.copy / source)
            elif word.startswith("-I.."): word = "-I" + str(self.copy)
            elif word.startswith("-O"): word = "-O0"
            if word != "-U_FORTIFY_SOURCE" and not word.startswith("-D_FORTIFY_SOURCE"): out.append(word)
        run(out, cwd=entry["directory"])
        return str(made)

    def link(self, program, objects):
        """Links `program` of the build anew, these objects before all others; what it is called."""
        last = run(["ninja", "-C", BUILD, "-t", "commands", program]).splitlines()[-1]
        command = shlex.split(last)
        made = str(self.objects / pathlib.Path(program).name)
        at = command.index("-o")
        words = [word for i, word in enumerate(command) if i not in (at, at + 1)]
        compiler = next(i for i, word in enumerate(words) if word.endswith((".o", ".a")))
        run(words[:compiler] + objects + words[compiler:] + ["-o", made], cwd=BUILD)
        return made

    def test_it_is_one_line_outside_its_folders_and_all_that_is_asked_of_a_protocol(self):
        changed = [line[3:] for line in self.git("status", "--porcelain", "-uall").splitlines()]
        own = (f"dissectors/protocols/{NAME}/", f"tests/dissectors/{NAME}/")
        self.assertEqual([path for path in changed if not path.startswith(own)], ["dissectors/list.inc"])
        self.assertEqual(self.git("diff", "--numstat").split(), ["1", "0", "dissectors/list.inc"])
        run([self.copy / "scripts/check_layers"])

        run(["meson", "setup", "build", "-Ddebug=false"], cwd=self.copy)
        run(["ninja", "-n", "-C", "build", f"libdissectors_protocols_{NAME}.a", "tests/inputs_dissector", "tests/test_dissectors"], cwd=self.copy)
        tests = {test["name"]: test["env"] for test in json.loads(run(["meson", "introspect", "--tests", "build"], cwd=self.copy))}
        self.assertEqual(tests[f"fuzz inputs {NAME}"]["LAPWING_DISSECTOR"], NAME)

        library = [self.compile(TEMPLATE + f"protocol/echo{part}.cc", f"dissectors/protocols/{NAME}/{NAME}{part}.cc") for part in ("", "_columns", "_parser")]
        library.append(self.compile("dissectors/registry.cc", "dissectors/registry.cc"))
        test = self.compile(TEMPLATE + "echo_test.cc", f"tests/dissectors/{NAME}/{NAME}_test.cc")
        program = self.link("tests/test_dissectors", library + [test])
        words = f"{NAME.capitalize()}*:Caps*:Registry*:All/Dialogues*{NAME}*"
        said = run([program, "--gtest_filter=" + words], cwd=self.copy)
        for suite in (NAME.capitalize() + ".", "Caps.", "Registry.", f"/{NAME}_exchange"): self.assertIn(suite, said)

        program = self.link("tests/inputs_dissector", library)
        run([self.copy / "scripts/fuzz_seeds", self.objects / "seeds"])
        said = run([program, self.objects / "seeds" / NAME], env={**os.environ, "LAPWING_DISSECTOR": NAME})
        self.assertGreater(int(said.split()[0]), 5)


unittest.main()
