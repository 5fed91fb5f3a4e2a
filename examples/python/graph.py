"""A graph library at work: NetworkX builds graphs and asks them what users ask.  python3 graph.py [NODES]"""
import sys

import networkx


def main(nodes):
    graph = networkx.barabasi_albert_graph(nodes, 5, seed=1)
    print("components", networkx.number_connected_components(graph))
    print("core", max(networkx.core_number(graph).values()))
    ranks = networkx.pagerank(graph, max_iter=20, tol=1e-3)
    print("first", max(ranks, key=ranks.get))
    for seed in range(20):
        part = graph.subgraph(range(seed * nodes // 40, (seed + 20) * nodes // 40)).copy()
        print(seed, part.number_of_edges(), networkx.transitivity(part))
    tree = networkx.minimum_spanning_tree(graph)
    print("tree", tree.number_of_edges(), sum(1 for _ in networkx.bfs_edges(tree, 0)))


main(int(sys.argv[1]) if len(sys.argv) > 1 else 10000)
