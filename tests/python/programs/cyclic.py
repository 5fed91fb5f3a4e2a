"""A small real program: parses, walks and forgets documents, with cycles between their nodes."""
import gc
import json
import sys
import xml.etree.ElementTree as ElementTree


class Node:
    def __init__(self, element, parent):
        self.tag = element.tag
        self.attributes = dict(element.attrib)
        self.parent = parent
        self.children = [Node(child, self) for child in element]


def document(number):
    rows = "".join(f'<row id="{i}"><cell value="{i * number}"/><cell/></row>' for i in range(60))
    return f"<table>{rows}</table>"


def main(rounds):
    kept = []
    for number in range(rounds):
        tree = Node(ElementTree.fromstring(document(number)), None)
        kept.append(tree)
        if len(kept) > 40:
            kept.pop(0)
        json.loads(json.dumps({"rows": [[child.tag, child.attributes] for child in tree.children]}))
    return sum(len(tree.children) for tree in kept)


gc.collect()
before = gc.get_stats()
print(main(int(sys.argv[1])))
for old, new in zip(before, gc.get_stats()):
    print(new["collections"] - old["collections"], new["collected"] - old["collected"])
