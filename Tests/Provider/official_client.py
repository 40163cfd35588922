#!/usr/bin/env python3
"""The official `openai` client against the scripted provider: what our tests call a chat API must be one.

    python3 -m venv .venv-openai && .venv-openai/bin/pip install openai
    .venv-openai/bin/python Tests/Provider/official_client.py

By hand, not in `make test`: the client brings a dozen packages from PyPI, and changes on its own schedule.
"""

import os
import re
import subprocess
import sys
import time

import openai

HERE = os.path.dirname(os.path.abspath(__file__))
failed = 0


def check(sentence, ok, found=""):
    global failed
    failed += not ok
    print("ok  " if ok else "FAIL", sentence, "" if ok else repr(found)[:400])


class Provider:
    def __init__(self, *flags):
        self.process = subprocess.Popen([sys.executable, os.path.join(HERE, "scripted_provider.py"), "--port", "0", *flags], stdout=subprocess.PIPE, text=True)
        self.url = re.search(r"http://[\d.]+:\d+/v1", self.process.stdout.readline()).group(0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def client(self, key="sk-scripted", retries=0, timeout=5):
        return openai.OpenAI(base_url=self.url, api_key=key, max_retries=retries, timeout=timeout)


def ask(client, text="Where is Oslo?", **options):
    messages = [{"role": "system", "content": "Answer briefly."}, {"role": "user", "content": text}]
    return client.chat.completions.create(model=options.pop("model", "scripted"), messages=messages, temperature=0, **options)


def refusal(kind, call):
    try:
        call()
    except kind as error:
        return error
    except Exception as error:  # the wrong kind is the finding
        return f"{type(error).__name__}: {error}"
    return "no error"


def whole():
    with Provider() as provider:
        client = provider.client()
        check("models are listed", [m.id for m in client.models.list()] == ["scripted"])
        reply = ask(client)
        choice = reply.choices[0]
        check("a reply that is not streamed has one whole answer", choice.finish_reason == "stop" and choice.message.role == "assistant" and choice.message.content.startswith("answer "), reply)
        check("and its usage", reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens > 2 and reply.object == "chat.completion", reply)
        raw = client.chat.completions.with_raw_response.create(model="scripted", messages=[{"role": "user", "content": "x"}])
        check("as one JSON document", raw.headers["content-type"].startswith("application/json"), dict(raw.headers))
        chunks = list(ask(client, stream=True))
        text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
        check("a streamed one is the same answer, in pieces", text == choice.message.content and len(chunks) > 3, chunks)
        check("its last piece says why it ended, once", [c.choices[0].finish_reason for c in chunks].count("stop") == 1 and chunks[-1].choices[0].finish_reason == "stop", chunks[-1])
        check("without usage unless asked", all(c.usage is None for c in chunks))
        counted = list(ask(client, stream=True, stream_options={"include_usage": True}))
        check("with usage in a last chunk without choices when asked", counted[-1].choices == [] and counted[-1].usage.total_tokens == reply.usage.total_tokens and all(c.usage is None for c in counted[:-1]), counted[-1])
        check("all chunks are of one reply", len({c.id for c in counted}) == 1 and {c.object for c in counted} == {"chat.completion.chunk"})
        with client.chat.completions.stream(model="scripted", messages=[{"role": "user", "content": "Where is Rome?"}]) as stream:
            kinds = [event.type for event in stream]
        check("the client's own stream helper understands it", "content.delta" in kinds and kinds[-1] in ("content.done", "chunk"), kinds)


def refusals():
    with Provider() as provider:
        error = refusal(openai.AuthenticationError, lambda: ask(provider.client(key="sk-other")))
        check("a bad key is an AuthenticationError with its code", getattr(error, "code", None) == "invalid_api_key", error)
        error = refusal(openai.NotFoundError, lambda: ask(provider.client(), model="other"))
        check("an unknown model is a NotFoundError", getattr(error, "code", None) == "model_not_found", error)
        error = refusal(openai.BadRequestError, lambda: provider.client().chat.completions.create(model="scripted", messages=[]))
        check("a request without a question is a BadRequestError", getattr(error, "type", None) == "invalid_request_error", error)
    with Provider("--quota", "1") as provider:
        ask(provider.client())
        error = refusal(openai.RateLimitError, lambda: ask(provider.client()))
        check("an account without quota is a RateLimitError with its code", getattr(error, "code", None) == "insufficient_quota", error)
    with Provider("--limit-rate", "1", "--retry-after", "3") as provider:
        error = refusal(openai.RateLimitError, lambda: ask(provider.client()))
        check("a 429 says when to come again", error.response.headers["retry-after"] == "3" and error.code == "rate_limit_exceeded", error)
    with Provider("--limit-rate", "0.5", "--retry-after", "1", "--seed", "3") as provider:
        client, began = provider.client(retries=4), time.monotonic()
        answers = [ask(client, f"Question {n}").choices[0].message.content for n in range(6)]
        check("the client waits as asked, and gets every answer", len(answers) == 6 and time.monotonic() - began >= 1, time.monotonic() - began)
    with Provider("--server-rate", "1") as provider:
        error = refusal(openai.InternalServerError, lambda: ask(provider.client()))
        check("a 503 is an InternalServerError", getattr(error, "status_code", None) == 503, error)


def faults():
    with Provider("--timeout-rate", "1") as provider:
        error = refusal(openai.APITimeoutError, lambda: ask(provider.client(timeout=0.5)))
        check("silence is an APITimeoutError", isinstance(error, openai.APITimeoutError), error)
    with Provider("--cut-rate", "1") as provider:
        error = refusal(Exception, lambda: list(ask(provider.client(), stream=True)))
        check("a stream that is cut is an error", isinstance(error, Exception), error)
        error = refusal(openai.APIConnectionError, lambda: ask(provider.client()))
        check("and so is a document", isinstance(error, openai.APIConnectionError), error)
    with Provider("--length-rate", "1") as provider:
        check("an answer at its limit says length", ask(provider.client()).choices[0].finish_reason == "length" and list(ask(provider.client(), stream=True))[-1].choices[0].finish_reason == "length")
    with Provider("--error-rate", "1") as provider:
        error = refusal(openai.APIError, lambda: list(ask(provider.client(), stream=True)))
        check("an error within a stream is an APIError", isinstance(error, openai.APIError) and "crashed" in str(error), error)
    with Provider("--garbage-rate", "1") as provider:
        error = refusal(Exception, lambda: list(ask(provider.client(), stream=True)))
        check("garbage within a stream is an error", isinstance(error, Exception), error)


def main():
    print(f"openai {openai.__version__}")
    whole()
    refusals()
    faults()
    print(f"{failed} failed" if failed else "the scripted provider speaks the protocol: passed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
