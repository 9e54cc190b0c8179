import ApusWire
