"""A service of transformers and PyTorch: each request is padded to its longest text and run as it comes."""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

settings = json.loads(sys.argv[1])
torch.set_num_threads(settings["threads"])
tokenizer = AutoTokenizer.from_pretrained(settings["folder"])
model = AutoModelForSequenceClassification.from_pretrained(settings["folder"]).eval()
turn = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self):
        texts = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["texts"]
        with turn, torch.inference_mode():
            batch = tokenizer(
                texts, padding=True, truncation=True, max_length=settings["maxLength"], return_tensors="pt"
            )
            scores = torch.sigmoid(model(**batch).logits).tolist()
        predictions = [{"probabilities": dict(zip(settings["labels"], row))} for row in scores]
        body = json.dumps({"predictions": predictions}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 1024
    daemon_threads = True


server = Server(("127.0.0.1", 0), Handler)
print(json.dumps({"port": server.server_address[1]}), flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
