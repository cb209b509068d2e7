"""The reference page: one self-contained file that works from disk, offline, and without a build step."""

from __future__ import annotations

from render.page.page import page, write_page

__all__ = ["page", "write_page"]
