"""Words of numbers and of units of measure. English."""

from app.check.tokens import listed
from app.suggest.verbs import words

UNITS = listed("""
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen
""")
TENS = listed("twenty thirty forty fifty sixty seventy eighty ninety")
SMALL = {word: i for i, word in enumerate(UNITS)} | {word: 20 + 10 * i for i, word in enumerate(TENS)}
MAGNITUDES = {
    "hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "dozen": 12.0,
    "bn": 1e9, "decade": 10.0, "decades": 10.0,
}  # fmt: skip
FRACTIONS = {"half": 0.5, "halves": 0.5, "quarter": 0.25, "quarters": 0.25, "third": 1 / 3, "thirds": 1 / 3,
             "tenth": 0.1, "tenths": 0.1, "fifth": 0.2, "fifths": 0.2, "hundredths": 0.01, "thousandths":
             0.001,
             "hundredth": 0.01, "thousandth": 0.001, "millionth": 1e-6}  # fmt: skip
ORDINALS = {
    word: i
    for i, word in enumerate(
        listed("""
first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth
fifteenth sixteenth seventeenth eighteenth nineteenth twentieth
"""),
        1,
    )
}
ROMAN = {
    word: i
    for i, word in enumerate(
        listed("I II III IV V VI VII VIII IX X XI XII XIII XIV XV XVI XVII XVIII XIX XX"),
        1,
    )
}
MEASURES = {
    word: unit
    for unit, names in {
        "m": "metre metres meter meters m", "km": "kilometre kilometres kilometer kilometers km",
        "cm": "centimetre centimetres centimeter centimeters cm",
        "mm": "millimetre millimetres millimeter mm",
        "inch": "inch inches", "foot": "foot feet ft", "mile": "mile miles",
        "g": "gram grams gramme grammes g",
        "mg": "milligram milligrams mg", "kg": "kilogram kilograms kilo kilos kg",
        "tonne": "ton tons tonne tonnes",
        "pound": "pound pounds lb lbs £", "second": "second seconds", "minute": "minute minutes",
        "hour": "hour hours", "day": "day days", "week": "week weeks", "month": "month months",
        "year": "year years", "decade": "decade decades", "century": "century centuries",
        "degree": "degree degrees",
        "dollar": "dollar dollars $ usd", "euro": "euro euros €", "yen": "yen ¥",
        "%": "% percent cent percentage",
        "mw": "megawatt megawatts mw", "kw": "kilowatt kilowatts kw", "gw": "gigawatt gigawatts gw",
        "litre": "litre litres liter liters", "bc": "bc bce", "ad": "ad ce", "cube": "cube cubed",
        "square": "square squared",
    }.items()
    for word in names.split()
}  # fmt: skip
SIGNS = "$£€¥"
MONTHS = words("""
january february march april may june july august september october november december
""")
