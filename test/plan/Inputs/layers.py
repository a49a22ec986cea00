"""A planned program of LAYERS layers of CALLS calls each, between a first and a last call: layers.py LAYERS CALLS. Every second layer begins with another kernel."""
import sys


def call(kernel, param, source, target):
    places = ", ".join(f"#deploy.place<{space}, 0, {offset}, 4>" for space, offset in (source, target))
    print(f'  deploy.call "{kernel}" params [{param}] places [{places}] work 1')


layers, calls = int(sys.argv[1]), int(sys.argv[2])
print("deploy.program @run arena 4096 scratch 64 workers 2 {")
call("k", 8, ("input", 0), ("arena", 0))
for layer in range(layers):
    print("  deploy.barrier")
    call("other" if layer % 2 else "k", 7, ("weights", 64 + 64 * layer), ("arena", 0))
    for i in range(1, calls):
        call("k", 100 + i, ("arena", 4 * i), ("arena", 4 * i + 4))
print("  deploy.barrier")
call("k", 9, ("arena", 0), ("output", 0))
print("}")
