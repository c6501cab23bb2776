"""What the black-box suite, the demo and the bench share: stores, databases, the host, clients."""
