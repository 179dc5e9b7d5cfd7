"""`python tests/bench/_load.py HOST PORT SECONDS THREADS`: posts what stands on standard input.

Each line of it is a JSON list of path, headers and body. Prints how many were answered with 2xx
within the seconds, and how many otherwise. A process of its own, and plain Python, so that it
takes as little as it can from the server that it measures.
"""

import http.client
import itertools
import json
import sys
import threading
import time

Post = tuple[str, dict[str, str], str]


def main(host: str, port: int, seconds: float, threads: int) -> None:
    posts: list[Post] = [json.loads(line) for line in sys.stdin]
    following = itertools.count()
    counts = [[0, 0] for _ in range(threads)]
    end = time.monotonic() + seconds

    def work(count: list[int]) -> None:
        connection = http.client.HTTPConnection(host, port, timeout=30)
        while time.monotonic() < end and (number := next(following)) < len(posts):
            path, headers, body = posts[number]
            try:
                connection.request("POST", path, body.encode(), headers)
                answer = connection.getresponse()
                answer.read()
                count[answer.status >= 300] += 1
            except (OSError, http.client.HTTPException):
                connection.close()  # kept open too long for the server; the next one opens anew

    workers = [threading.Thread(target=work, args=(count,)) for count in counts]
    begun = time.monotonic()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    good, bad = (sum(count[place] for count in counts) for place in (0, 1))
    print(json.dumps({"good": good, "bad": bad, "seconds": time.monotonic() - begun}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
