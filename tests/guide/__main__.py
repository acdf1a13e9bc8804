"""Write the generated tables of the author's guide anew."""

from tests.guide.generated import GUIDE, written

GUIDE.write_text(written(GUIDE.read_text()))
