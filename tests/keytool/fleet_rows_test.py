"""What is made of rows of a fleet that nobody should have written."""

import re
import unittest

from fleet_probe_case import NAME, TablesCase


class HostileRowsTest(TablesCase):
    """Somebody with the writer's password, or with more, writes rows that dkimkey never would."""

    def changed(self, after=0, most=100):
        return self.member("signer").ask("changed", after, most)

    def add(self, domain, number, manifest="'m'"):
        self.query(f"INSERT INTO dkimsignd.domains VALUES ({domain}, {number}, {manifest})")

    def test_names_that_are_none(self):
        for number, name in enumerate(("../../etc", "a b", "", "EXAMPLE.COM", "example.com.", "\u00e4.example", "x\x1b[2J"), 1):
            self.add("'" + name + "'", number)
        self.add(r"E'a\nb'", 8)
        said = self.changed()
        self.assertEqual(len(re.findall(r":\d+:1:0", said)), 8)
        self.assertNotRegex(said, r"[^ -~]")
        self.assertIn(r"x\x1b[2J:7", said)

    def test_what_is_too_long_is_cut(self):
        self.add("repeat('a', 2000) || '.example'", 1)
        self.add("'long.example'", 2, "repeat('x', 30000000)")
        self.query("INSERT INTO dkimsignd.sealing_keys VALUES (1, 'f'); INSERT INTO dkimsignd.sealed_keys VALUES "
                   "('long.example', repeat('s', 1000), 1, 'rsa', 1, convert_to(repeat('y', 3000000), 'UTF8'))")
        said = self.changed()
        self.assertIn(f"{'a' * 300}:1:1:0", said)
        # One byte more than a manifest may have.
        self.assertIn(f"long.example:2:{2**20 + 1}:1,{'s' * 300}/{16 * 1024 + 1}", said)

    def test_a_batch_ends_when_it_is_large(self):
        for number in range(1, 41):
            self.add(f"'d{number}.example'", number, "repeat('x', 1000000)")
        seen = 0
        while batch := re.findall(r":(\d+):1000000:0", self.changed(seen, 1000)):
            self.assertLessEqual(len(batch), 17)
            self.assertEqual([int(number) for number in batch], list(range(seen + 1, seen + len(batch) + 1)))
            seen += len(batch)
        self.assertEqual(seen, 40)

    def test_a_batch_ends_when_its_keys_are_large(self):
        self.query("INSERT INTO dkimsignd.sealing_keys VALUES (1, 'f')")
        for number in range(1, 31):
            self.add(f"'d{number}.example'", number)
            self.query(f"INSERT INTO dkimsignd.sealed_keys SELECT 'd{number}.example', 's' || n, 1, 'rsa', 1, "
                       "convert_to(repeat('y', 16384), 'UTF8') FROM generate_series(1, 64) AS n")
        seen = 0
        while batch := re.findall(r":(\d+):1:64", self.changed(seen, 1000)):
            self.assertLessEqual(len(batch), 16)
            self.assertEqual([int(number) for number in batch], list(range(seen + 1, seen + len(batch) + 1)))
            seen += len(batch)
        self.assertEqual(seen, 30)

    def test_a_domain_with_ever_so_many_keys(self):
        self.add("'many.example'", 1)
        self.add("'few.example'", 2)
        self.query("INSERT INTO dkimsignd.sealing_keys VALUES (1, 'f'); INSERT INTO dkimsignd.sealed_keys "
                   "SELECT 'many.example', 's' || n, 1, 'rsa', 1, 'x' FROM generate_series(1, 5000) AS n;"
                   "INSERT INTO dkimsignd.sealed_keys VALUES ('few.example', 's', 1, 'rsa', 1, 'x')")
        said = dict(row.split(":", 1) for row in re.sub(r",\S*", "", self.changed()).split(" "))
        self.assertEqual(said, {"many.example": "1:1:1000", "few.example": "2:1:1"})

    def test_nulls(self):
        self.query("ALTER TABLE dkimsignd.domains ALTER manifest DROP NOT NULL;"
                   "ALTER TABLE dkimsignd.sealed_keys ALTER sealed DROP NOT NULL, ALTER algorithm DROP NOT NULL;"
                   "INSERT INTO dkimsignd.sealing_keys VALUES (1, 'f')")
        self.add("'example.com'", 1, "NULL")
        self.query("INSERT INTO dkimsignd.sealed_keys VALUES ('example.com', 's', 1, NULL, 1, NULL)")
        # No manifest parses "NULL"; an empty one would.
        self.assertEqual(self.changed(), "example.com:1:4:1,s/0")

    def test_a_table_without_its_row(self):
        self.query("DELETE FROM dkimsignd.store")
        for words in (("state",), ("put", "example.com", "m")):
            refusal = self.refusal(self.member("writer"), *words)
            self.assertEqual(refusal.kind, "refused")
            self.assertIn("damaged", refusal.message)

    def test_a_column_of_another_type(self):
        self.add("'example.com'", 1)
        self.query("ALTER TABLE dkimsignd.store ALTER sequence TYPE text USING 'seven'")
        refusal = self.refusal(self.member("signer"), "state")
        self.assertEqual((refusal.kind, '"seven" in place of a number' in refusal.message), ("refused", True))

    def test_functions_of_the_same_name_elsewhere(self):
        """Names are looked up in the system's catalog alone, so nobody who may make functions can slip one in."""
        self.query("GRANT CREATE ON SCHEMA public TO PUBLIC;"
                   "CREATE FUNCTION public.octet_length(text) RETURNS int LANGUAGE sql AS 'SELECT 1/0'")
        self.query(f"ALTER DATABASE {NAME} SET search_path = public, pg_catalog")
        self.add("'example.com'", 1)
        self.assertEqual(self.changed(), "example.com:1:1:0")


if __name__ == "__main__":
    unittest.main()
