#!/usr/bin/env python3
"""The table of Suricata's words as the build makes it, and what scripts/make_words refuses, with its place."""
import os, subprocess, sys, tempfile, unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TABLE = os.path.join(ROOT, "signatures/keywords/words.csv")


class Words(unittest.TestCase):
    def make(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path, out = os.path.join(folder, "words.csv"), os.path.join(folder, "words.inc")
            with open(path, "w") as f: f.write(text)
            done = subprocess.run([sys.executable, os.path.join(ROOT, "scripts/make_words"), path, out], capture_output=True, text=True)
            rows = open(out).read() if done.returncode == 0 else None
            return rows, done.stderr.replace(path, "words.csv")

    def test_a_row_for_each_line_of_the_table_in_use(self):
        text = open(TABLE).read()
        rows, said = self.make(text)
        self.assertEqual((rows.count("\n"), said), (text.count("\n") - 1, ""))

    def test_a_row_is_a_word_its_kind_and_why_it_never_comes(self):
        rows, _ = self.make("kind,word,why never\nkeyword,a.b,\nkeyword,c,\"no, never\"\nprotocol,a,\n")
        self.assertEqual(rows, '{"a.b", Kind::keyword, ""},\n{"c", Kind::keyword, "no, never"},\n{"a", Kind::protocol, ""},\n')

    def test_refusals_name_their_place(self):
        head = "kind,word,why never\n"
        for text, said in (("word\n", "words.csv:1: the first line"), (head + "keyword,a\n", "words.csv:2: has 2 columns"),
                           (head + "verb,a,\n", "words.csv:2: 'verb' is none of"), (head + "keyword,a b,\n", "words.csv:2: neither"),
                           (head + "keyword,b,\nkeyword,a,\n", "words.csv:3: 'a' stands twice or not in its order"),
                           (head + "keyword,a,\nkeyword,a,\n", "words.csv:3: 'a' stands twice"),
                           (head + "protocol,a,why\n", "words.csv:2: a reason")):
            with self.subTest(text=text):
                self.assertIn(said, self.make(text)[1])


unittest.main()
