"""Which device for DistilBERT, and what would a smaller model of one's own take there?

    ./ridgeline python python/examples/compare_devices.py
"""

import pandas

import ridgeline

# A model as Hugging Face describes it; a config.json file would do as well.
small = ridgeline.model({"model_type": "distilbert", "dim": 384, "n_layers": 4, "n_heads": 6, "hidden_dim": 1536,
                         "vocab_size": 30522, "max_position_embeddings": 512}, name="small")
devices = ["raspberry-pi-4", "jetson-nano-gpu", "t4", "a100-pcie-40gb"]

table = pandas.DataFrame(ridgeline.table(ridgeline.compare(["distilbert", small], devices, length=64)))
columns = ["model", "device", "latency_s", "latency_s_low", "latency_s_high", "energy_J", "memory_B"]
print(table.sort_values(["model", "latency_s"])[columns].to_string(index=False, float_format="{:.3g}".format))

print("\nPower where there is a basis for it:")
for name in devices:
    print(f"  {name}: {ridgeline.estimate(small, name, length=64).peak_power}")
