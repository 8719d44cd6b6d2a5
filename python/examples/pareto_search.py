"""Which FlexiBERT models give the best trade of latency on a Raspberry Pi 4 and an accuracy function of one's own?

    ./ridgeline python python/examples/pareto_search.py

The accuracy here is invented: it grows with parameters and depth, and with heads of different kinds. Put your own in its
place, as a function of genomes, figures or models.
"""

import numpy as np
import pandas

import ridgeline

space = ridgeline.Space("flexibert2")
on_pi = ridgeline.SpaceEstimator(space, "raspberry-pi-4", full=False)
layers = space.genes.index("layers")


def accuracy(genomes, figures):
    """An invented law; nobody has measured it."""
    capacity = 1 - 1.5 * figures["parameters"] ** -0.12
    return capacity + 0.01 * genomes[:, layers]


def objectives(genomes):
    figures = on_pi.evaluate(genomes)
    return np.stack([figures["latency_s"], 1 - accuracy(genomes, figures)], axis=1)


front = ridgeline.search(space, ["latency_s", "error"], objectives, evaluations=20_000, seed=1)
print(front, on_pi.basis, sep="\n", end="\n\n")

shown = np.linspace(0, len(front.genomes) - 1, 8).astype(int)
figures = on_pi.evaluate(front.genomes[shown])
print(pandas.DataFrame({"latency_s": figures["latency_s"], "accuracy": accuracy(front.genomes[shown], figures),
                        "parameters": figures["parameters"].astype(int),
                        "layers": [space.choices(genome)["layers"] for genome in front.genomes[shown]]})
      .round(4).to_string(index=False), end="\n\n")

print("the most accurate one:")
for part, text in space.model(front.genomes[-1]).layers:
    print(f"  {part}: {text}")
