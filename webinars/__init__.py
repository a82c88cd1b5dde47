"""Recordings of webinars, podcasts and classes: captions, chapters, transcript, documents, the share watched."""
