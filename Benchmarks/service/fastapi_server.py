"""The peer: FastAPI + uvicorn + PyTorch with the weights of a Cutis bundle, as such servers are usually written.

    python fastapi_server.py BUNDLE PORT THREADS

POST /analyze takes {"image": base64} and answers the probability of each class. Pillow decodes, torchvision resizes and
normalises as the bundle's recipe says, one worker computes in fp32, batch 1. It keeps no image, no record and no audit
trail, and asks for no key: it does less than `cutis serve`.
"""

from __future__ import annotations

import base64
import io
import json
import pathlib
import sys
import threading
import time

import torch
import uvicorn
from fastapi import FastAPI
from PIL import Image
from pydantic import BaseModel
from safetensors.torch import load_file

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Tools" / "fixtures"))
from vision_support import declare_torchvision_operators  # noqa: E402

operators = declare_torchvision_operators()  # lives as long as the process
from torchvision import transforms as T  # noqa: E402
from torchvision.models.resnet import BasicBlock, ResNet  # noqa: E402


class NarrowResNet(ResNet):
    """torchvision's ResNet-18 of another width, which its constructor fixes at 64."""

    def __init__(self, config: dict):
        super().__init__(BasicBlock, config["blocks"], num_classes=config["class_count"])
        self.inplanes = config["stem_width"]
        self.conv1 = torch.nn.Conv2d(3, self.inplanes, 7, stride=2, padding=3, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(self.inplanes)
        for index, (width, blocks) in enumerate(zip(config["stage_widths"], config["blocks"])):
            setattr(self, f"layer{index + 1}", self._make_layer(BasicBlock, width, blocks, stride=1 if index == 0 else 2))
        self.fc = torch.nn.Linear(config["stage_widths"][-1], config["class_count"])


class Body(BaseModel):
    """Of the module: FastAPI resolves the names of annotations there, and takes what it cannot find for a query."""

    image: str


def make(bundle: pathlib.Path) -> FastAPI:
    manifest = json.loads((bundle / "bundle.json").read_text())
    model = NarrowResNet(manifest["architecture"]["config"])
    # A bundle has torchvision's names, without the counters that only training reads.
    weights = {name: tensor.float() for name, tensor in load_file(bundle / "weights.safetensors").items()}
    counters = {name: tensor for name, tensor in model.state_dict().items() if name.endswith("num_batches_tracked")}
    model.load_state_dict(weights | counters)
    model.eval().to(memory_format=torch.channels_last)
    recipe = manifest["preprocessing"]
    side = recipe["center_crop"]["height"]
    transform = T.Compose([
        T.Resize(side), T.CenterCrop(side), T.ToTensor(), T.Normalize(recipe["mean"], recipe["std"])])
    names = [label["id"] for label in manifest["labels"]]
    lock = threading.Lock()
    app = FastAPI()

    # A plain function runs on FastAPI's threads: decoding goes beside the model, the model computes one at a time.
    @app.post("/analyze")
    def analyze(body: Body) -> dict:
        start = time.perf_counter()
        image = Image.open(io.BytesIO(base64.b64decode(body.image))).convert("RGB")
        pixels = transform(image).unsqueeze(0).contiguous(memory_format=torch.channels_last)
        with lock, torch.inference_mode():
            probabilities = torch.softmax(model(pixels) / manifest["temperature"], dim=1)[0].tolist()
        return {
            "diagnosis": {"primary": names[max(range(len(names)), key=probabilities.__getitem__)],
                          "all_classes": dict(zip(names, probabilities))},
            "latency_ms": (time.perf_counter() - start) * 1000}

    @app.get("/health/ready")
    def ready() -> dict:
        return {"ready": True}

    return app


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[3]))
    uvicorn.run(make(pathlib.Path(sys.argv[1])), host="127.0.0.1", port=int(sys.argv[2]), log_level="error")
