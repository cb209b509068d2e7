"""What must hold: properties, the engines that decide them, and conformance to what is described."""
