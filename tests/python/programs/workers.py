"""Workers that are forked and spawned, and one that is left by os._exit."""
import multiprocessing
import os
import sys
import threading


def work(number):
    nodes = []
    for i in range(5000):
        node = {"number": i}
        node["self"] = node
        nodes.append(node)
    return len(nodes) + number


if __name__ == "__main__":
    for method in ("fork", "spawn"):
        with multiprocessing.get_context(method).Pool(1) as pool:
            print(method, pool.map(work, [1, 2]))
    # Threads that allocate while the process forks, again and again.
    goes_on = True

    def allocate():
        while goes_on:
            work(0)

    threads = [threading.Thread(target=allocate) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(8):
        child = os.fork()
        if child == 0:
            work(0)
            os._exit(3)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    goes_on = False
    for thread in threads:
        thread.join()
    print(code)
    sys.exit(7)
