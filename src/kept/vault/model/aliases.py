"""Under which name do staff know a person before a purpose needs the real one?

Two words and a number, `quiet-heron-417`: easy to say, to type and to tell apart, the same in
every language of the house, and unrelated to the person's id. The words are calm things and
weather; none describes a body, an origin, an age or a character one could take amiss. An alias is
stored when made, so the lists may change; the caller draws again when one is taken.
"""

from hashlib import sha256

from kept.base.encoding import b64url
from kept.base.errors import MalformedError

ALIAS_BYTES = 8  # so that the remainder's bias stays below 2^-36
NUMBERS = range(100, 1000)

QUALITIES: tuple[str, ...] = tuple(
    """
    airy alpine amber ample apricot april aqua arching arctic aspen august autumn azure balmy
    basalt beaded billowy birchen blithe blooming blossoming blue boreal braided breezy bright
    brisk buoyant calm candid carved cedar cerulean cheerful cheery chiming clear cloudy clover
    coastal cobalt coral cordial cosy cotton courteous crescent crimson crisp crystal cyan
    dappled dawning daylit denim dewy distant diving drifting dulcet earnest easterly emerald
    evening evergreen fabled faithful feathered fern firelit fleecy floral flowing fluted forest
    fragrant fresh friendly frosty gallant garnet genial gentle gilded ginger gleaming glowing
    golden graceful granite grassy green harvest hazel heathery hilly honest humming indigo
    inland island ivy jade jaunty jovial joyful june juniper lacquered lakeside lavender leafy
    lemon lilac lilting linen lively lofty loyal lucid lucky luminous lunar lush lyric magenta
    maple marble marine meadow mellow mild minty misty moonlit morning mossy navy neat nectar
    nimble noble northern novel oaken oceanic opal open orange orchard organic oval pastel
    patient peaceful pearly pebbled petal pine placid playful pleasant plum poetic polar
    polished prairie prudent purple quartz quiet quilted radiant rainy reedy rippling rising
    river rolling rosy ruby russet rustic saffron sage sandy sapphire satin scarlet scenic
    seaside serene shady sheltered shining silver singing snowy soaring solar southern spring
    spruce stately stellar
    """.split()  # noqa: SIM905  one word a line would hide the list
)
THINGS: tuple[str, ...] = tuple(
    """
    acorn agate alcove alder almond anchor anemone anise apple arbour arch aster atlas atoll
    avocet badge balcony bamboo banjo barley basil basin bay beacon beech bell bench berry birch
    blossom bluebell bobbin bonsai bough bramble breeze bridge brook buoy button cabin cairn
    camellia candle canoe canvas canyon caper caravan cardamom cascade castle cello chalet
    chestnut chime cinnamon citron clarinet cliff clock cloud clove comet compass conifer cove
    crane creek crocus cupola curlew current cypress daffodil dahlia daisy dale delta dolphin
    dome dove dune easel echo eddy elder ember estuary falcon feather fennel finch fir firefly
    fjord fleece flute fountain foxglove freesia galaxy gallery garden gate geyser glacier glade
    glen gondola gorge grotto grove hamlet harbour harp haven hawthorn heath heron hibiscus hill
    hollyhock honeycomb horizon hyacinth inlet iris isle jasmine jetty kayak kestrel kettle
    keystone kingfisher kite lagoon lake lamp lantern larch lark lattice laurel leaf ledge
    lighthouse lily lime linnet loch locket loom lotus lupin lute lynx magnolia mandolin mango
    marigold marina marten meander melody mill mint mirror moon mosaic mountain mulberry myrtle
    nest nutmeg oak oasis oboe orchid oriole osprey otter paddle pagoda palm pansy papaya
    parasol path pavilion peak pebble peony pergola petunia piano pier pillar plateau plover
    pond poplar poppy porch primrose prism puffin quay quill quince raft rainbow rapids reef
    ribbon ridge ripple robin rosemary rowan saddle sail sandpiper
    """.split()  # noqa: SIM905  the same
)


def make_alias(raw: bytes) -> str:
    """The alias these 8 random bytes name.

    Raises:
        MalformedError: not 8 bytes.
    """
    if len(raw) != ALIAS_BYTES:
        raise MalformedError("alias", f"an alias is made of {ALIAS_BYTES} random bytes")
    rest, quality = divmod(int.from_bytes(raw), len(QUALITIES))
    rest, thing = divmod(rest, len(THINGS))
    return f"{QUALITIES[quality]}-{THINGS[thing]}-{NUMBERS[rest % len(NUMBERS)]}"


def alias_digest(alias: str) -> str:
    """What an act says of an alias: 22 characters, 16 bytes of its SHA-256."""
    return b64url(sha256(alias.encode("utf-8", "surrogatepass")).digest()[:16])
