#!/usr/bin/env python3
"""What the compiler and linker put into the program so that a fault in a parser is harder to use.

  hardening_test.py LAPWING
"""
import os, re, subprocess, sys, unittest

LAPWING = os.path.abspath(sys.argv.pop(1))


def readelf(*options):
    return subprocess.run(["readelf", "--wide", *options, LAPWING], check=True, capture_output=True, text=True).stdout


def text_section():
    offset, size = re.search(r"\] \.text +PROGBITS +\w+ (\w+) (\w+)", readelf("--sections")).groups()
    with open(LAPWING, "rb") as f:
        f.seek(int(offset, 16))
        return f.read(int(size, 16))


class Program(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.symbols = set(re.findall(r" (\w+)(?:@\S+)?(?: \(\d+\))?$", readelf("--dyn-syms"), re.M))
        cls.sanitized = any(name.startswith(("__asan_", "__tsan_", "__ubsan_")) for name in cls.symbols)

    def test_lies_anywhere_in_memory(self):
        self.assertRegex(readelf("--file-header"), r"Type: +DYN")
        self.assertRegex(readelf("--dynamic"), r"FLAGS_1\).*\bPIE\b")

    def test_has_no_table_of_functions_to_overwrite(self):
        self.assertIn("GNU_RELRO", readelf("--program-headers"))
        self.assertRegex(readelf("--dynamic"), r"\(FLAGS\).*\bBIND_NOW\b")

    def test_executes_nothing_on_its_stack(self):
        self.assertRegex(readelf("--program-headers"), r"GNU_STACK .* RW +0x")

    def test_guards_its_stack(self):
        self.assertIn("__stack_chk_fail", self.symbols)

    def test_calls_checked_functions_of_the_c_library(self):
        if self.sanitized: self.skipTest("a sanitizer checks them itself")
        self.assertTrue({name for name in self.symbols if name.endswith("_chk") and name.startswith("__mem")})

    def test_checks_indices_of_the_library(self):
        self.assertTrue({name for name in self.symbols if "__glibcxx_assert_fail" in name})

    def test_is_entered_at_marked_places_only(self):
        if os.uname().machine != "x86_64": self.skipTest("of x86-64")
        self.assertGreater(text_section().count(b"\xf3\x0f\x1e\xfa"), 1000, "endbr64")
        self.assertRegex(readelf("--notes"), r"x86 feature:.*\bSHSTK\b")

    def test_leaves_threads_their_stacks(self):
        """Libraries start threads with stacks of 100 KB, of which memory of each thread takes its part."""
        if self.sanitized: self.skipTest("a sanitizer keeps much for each thread")
        self.assertLess(int(re.search(r"TLS +\w+ \w+ \w+ \w+ (\w+)", readelf("--program-headers")).group(1), 16), 16 << 10)

    def test_begins_with_clean_variables(self):
        with open(LAPWING, "rb") as f: content = f.read()
        if b"-fstack-protector-strong" not in content: self.skipTest("no debugging information says how it was compiled")
        self.assertIn(b"-ftrivial-auto-var-init=zero", content)


if __name__ == "__main__":
    unittest.main(verbosity=1)
