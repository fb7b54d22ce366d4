"""Which field does a column's heading mean, in English, Russian or German?

Headings are compared as letters and digits alone, without case, `ё` as `е`. A meaning is the key
of a field of the default book, or a part (`first_name`, `street` …) of which a field is joined.
"""

import re
from unicodedata import normalize

from kept.vault.model.rules import FieldKind

_OTHER = re.compile(r"[\W_]+")
_COPY = re.compile(r" \(\d+\)$")

KIND_OF: dict[str, FieldKind] = {
    "email": FieldKind.EMAIL,
    "phone": FieldKind.PHONE,
    "name": FieldKind.NAME,
    "address": FieldKind.ADDRESS,
    "town": FieldKind.TOWN,
    "postcode": FieldKind.POSTCODE,
    "birth_date": FieldKind.BIRTH_DATE,
    "order_no": FieldKind.ORDER_NO,
    "customer_no": FieldKind.CUSTOMER_NO,
}
PARTS: dict[str, tuple[str, ...]] = {  # a field, and the parts that make it, in order
    "name": ("first_name", "middle_name", "last_name"),
    "address": ("street", "house", "flat"),
}
WHOLE_OF = {part: whole for whole, parts in PARTS.items() for part in parts}
JOINERS = {"name": " ", "address": " "}

_WORDS: dict[str, str] = {
    "email": "email mail emailaddress mailaddress customeremail contactemail billingemail "
    "почта элпочта электроннаяпочта эпочта емейл имейл емайл мейл адресэлектроннойпочты "
    "адреспочты mailadresse emailadresse",
    "phone": "phone phoneno phonenumber tel telephone telephonenumber mobile mobilephone "
    "mobilenumber cell cellphone customerphone billingphone телефон тел номертелефона "
    "мобильный мобильныйтелефон мобтелефон сотовый сотовыйтелефон контактныйтелефон "
    "telefon telefonnummer handy handynummer mobil rufnummer",
    "name": "name fullname customername customer client clientname contactname billingname "
    "имя фио фамилияимяотчество фамилияимя имяфамилия полноеимя клиент покупатель заказчик "
    "имяклиента kunde kundenname",
    "first_name": "firstname givenname forename billingfirstname vorname",
    "middle_name": "middlename patronymic отчество",
    "last_name": "lastname surname familyname secondname billinglastname фамилия nachname "
    "familienname",
    "address": "address fulladdress deliveryaddress shippingaddress addressline billingaddress "
    "postaladdress address1 адрес адресдоставки полныйадрес почтовыйадрес adresse anschrift "
    "lieferadresse",
    "street": "street streetname улица strasse straße",
    "house": "house houseno housenumber building дом номердома hausnummer hausnr",
    "flat": "flat apartment apt unit квартира кв wohnung",
    "town": "town city place locality billingcity shippingcity город населенныйпункт ort stadt",
    "postcode": "postcode postalcode zip zipcode billingpostcode индекс почтовыйиндекс "
    "plz postleitzahl",
    "country": "country countrycode billingcountry страна land",
    "order_no": "order orderno ordernumber orderid lastorderno заказ номерзаказа noзаказа "
    "заказno bestellung bestellnummer bestellnr auftragsnummer",
    "customer_no": "customerno customernumber customerid clientid clientno userid externalid "
    "idклиента номерклиента кодклиента клиентid idпокупателя kundennummer kundennr",
    "last_order": "lastorder lastorderdate dateoflastorder lastpurchase orderdate "
    "последнийзаказ датапоследнегозаказа датазаказа letztebestellung bestelldatum",
    "birth_date": "birthdate birthday dateofbirth dob born датарождения деньрождения др "
    "geburtsdatum geburtstag",
    "note": "note notes comment comments remark remarks примечание примечания комментарий "
    "заметка заметки notiz bemerkung",
}


def compact(heading: str) -> str:
    """The heading's letters and digits: `E-Mail Address` is `emailaddress`."""
    text = normalize("NFKC", _COPY.sub("", heading)).casefold().replace("ё", "е")
    return _OTHER.sub("", text)


MEANINGS: dict[str, str] = {
    compact(word): meaning for meaning, words in _WORDS.items() for word in words.split()
}
