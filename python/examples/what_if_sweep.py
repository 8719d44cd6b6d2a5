"""What would a Raspberry Pi 4 do for BERT-Base with another memory and another clock?

    ./ridgeline python python/examples/what_if_sweep.py
"""

import pandas

import ridgeline

found = []
for bandwidth in ("x0.5", "x1", "x2", "x4"):
    for clock in ("600MHz", "1GHz", "1.5GHz"):
        estimate = ridgeline.estimate("bert-base", "raspberry-pi-4", clock=clock, length=16,
                                      overrides={"dram.bandwidth": bandwidth})
        found.append({"dram.bandwidth": bandwidth, "clock": clock, "latency_s": float(estimate.latency),
                      "energy_J": float(estimate.energy), "bound": estimate.document["bounds"][0]["bound"]})

sweep = pandas.DataFrame(found)
for figure in ("latency_s", "energy_J"):
    print(figure)
    print(sweep.pivot(index="dram.bandwidth", columns="clock", values=figure).round(3), end="\n\n")

best = sweep.loc[sweep["energy_J"].idxmin()]
print(f"least energy: {best['energy_J']:.3f} J with {best['dram.bandwidth']} the bandwidth at {best['clock']}, "
      f"limited by {best['bound']}")
