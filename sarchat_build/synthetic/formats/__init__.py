"""Annotation documents as the sources write them: plain values in, the document's bytes out.

The writers share nothing with the readers, so that reading back what was written proves
both. Numbers are written as they are given: integers without a point, floats with every digit that
tells them from their neighbors.
"""
