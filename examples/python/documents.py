"""XML and JSON: documents are read into trees (whose nodes know their parents), changed, and written.

python3 documents.py [DOCUMENTS]
"""
import json
import sys
from xml.dom import minidom
from xml.etree import ElementTree


def make(number):
    items = "".join(
        f'<item id="{i}" price="{i * 7 % 100}"><name>item {i}</name><note lang="en">{number}</note></item>'
        for i in range(150))
    return f"<order number='{number}'>{items}</order>"


def main(documents):
    archive = {}
    for number in range(documents):
        text = make(number)
        dom = minidom.parseString(text)
        for item in dom.getElementsByTagName("item"):
            if int(item.getAttribute("price")) > 90:
                item.parentNode.removeChild(item)
        tree = ElementTree.fromstring(dom.toxml())
        order = {"number": number, "items": [{**item.attrib, "name": item.findtext("name")} for item in tree]}
        archive[number % 60] = json.loads(json.dumps(order))
    print(sum(len(order["items"]) for order in archive.values()))


main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
