"""Makes the two fonts of the cards out of Inter as Debian's fonts-inter has it.

    python3 -m pip install fonttools
    python3 subset.py /usr/share/fonts/opentype/inter

Keeps Latin, Latin-1, Latin Extended-A and general punctuation, and bakes in what
the program's small layout does not look up itself: digits of one width (tnum), and
kerning as a plain `kern` table of the pairs that show.
"""

import string
import sys

from fontTools import subset
from fontTools.ttLib import TTFont, newTable
from fontTools.ttLib.tables._k_e_r_n import KernTable_format_0

KEPT = [*range(0x20, 0x7F), *range(0xA0, 0x180), 0x2010, 0x2011, 0x2012, 0x2013, 0x2014]
KEPT += [0x2018, 0x2019, 0x201A, 0x201C, 0x201D, 0x201E, 0x2022, 0x2026, 0x2032, 0x2033]
KEPT += [0x2039, 0x203A, 0x20AC, 0x2190, 0x2192, 0x2212, 0xFFFD]
KERNED = string.ascii_letters + ".,:'\"-’”–"
# Of 2816 units an em: a quarter of a pixel at 18 pixels.
SMALLEST_KERN = 40


def lookups(font, table, feature):
    """The subtables of a feature, each lookup's in their order."""
    root = font[table].table
    record = next(r for r in root.FeatureList.FeatureRecord if r.FeatureTag == feature)
    for index in record.Feature.LookupListIndex:
        for subtable in root.LookupList.Lookup[index].SubTable:
            yield getattr(subtable, "ExtSubTable", subtable)


def kern(font, left, right):
    """How much closer (below 0) or farther `right` stands after `left`."""
    for pairs in lookups(font, "GPOS", "kern"):
        if left not in pairs.Coverage.glyphs:
            continue
        if pairs.Format == 1:
            records = pairs.PairSet[pairs.Coverage.glyphs.index(left)].PairValueRecord
            found = next((r for r in records if r.SecondGlyph == right), None)
            if found is None:
                continue
            value = found.Value1
        else:
            first = pairs.ClassDef1.classDefs.get(left, 0)
            second = pairs.ClassDef2.classDefs.get(right, 0)
            value = pairs.Class1Record[first].Class2Record[second].Value1
        return getattr(value, "XAdvance", 0) or 0 if value else 0
    return 0


def make(source, target):
    font = TTFont(source)
    names = dict(font.getBestCmap())
    tabular = {}
    for subtable in lookups(font, "GSUB", "tnum"):
        tabular.update(subtable.mapping)
    pairs = {}
    for left in KERNED:
        for right in KERNED:
            value = kern(font, names[ord(left)], names[ord(right)])
            if abs(value) >= SMALLEST_KERN:
                pairs[names[ord(left)], names[ord(right)]] = value
    for table in font["cmap"].tables:
        for digit in map(ord, string.digits):
            table.cmap[digit] = tabular[names[digit]]
    plain = KernTable_format_0()
    plain.version = plain.coverage = 1
    plain.apple = False
    plain.kernTable = pairs
    font["kern"] = newTable("kern")
    font["kern"].version = 0
    font["kern"].kernTables = [plain]

    options = subset.Options(
        layout_features=[], notdef_outline=True, hinting=False, desubroutinize=False,
        name_IDs=[0, 1, 2, 4, 5, 13, 14], drop_tables=["GSUB", "GPOS", "GDEF", "DSIG"],
        legacy_kern=True,
    )
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=KEPT)
    subsetter.subset(font)
    font.save(target)


for weight in ("Regular", "SemiBold"):
    make(f"{sys.argv[1]}/Inter-{weight}.otf", f"Inter-{weight}.otf")
