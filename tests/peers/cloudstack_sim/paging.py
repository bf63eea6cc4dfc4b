# SPDX-License-Identifier: Apache-2.0
"""One call being answered, and the paging rules of list calls."""
from . import shapes
from .errors import bad_parameter, invalid


class Call:
    def __init__(self, simulator, entry, caller, given):
        self.simulator, self.entry, self.caller, self.given = simulator, entry, caller, given
        self.estate = simulator.estate
        self.submit_extra = {}

    def row(self, name):
        """The row that a parameter names by id; None if it was not sent."""
        value = self.given.get(name)
        return self.estate[self.entry.params[name].type].get(value) if value else None

    def render(self, kind, row):
        return shapes.render(self.estate, kind, row, self.caller.is_root_admin)

    def default_page_size(self):
        return int(self.estate.setting("default.page.size", "500") or 500)

    def check_paging(self):
        """(first, last) of the page, or None for 'not limited'."""
        page, size, most = self.given.get("page"), self.given.get("pagesize"), self.default_page_size()
        if page is not None and size is None:
            raise bad_parameter('"pagesize" parameter is required when "page" is specified')
        if size is not None and int(size) == -1:
            if page is not None:
                raise invalid("Can't specify page parameter when pagesize is -1 (Unlimited)")
            return None
        if size is not None and page is None:
            raise bad_parameter('"page" parameter is required when "pagesize" is specified')
        if size is not None and int(size) > most:
            raise invalid(f"Page size can't exceed max allowed page size value: {most}")
        size = int(size) if size is not None else most
        begin = (max(int(page or 1), 1) - 1) * size
        return begin, begin + size

    def page(self, member, rows, render=None):
        """{} for nothing, {count} past the end, else {count, member: [..]}; count is
        the total over all pages."""
        window = self.check_paging()
        if not rows:
            return {}
        shown = rows[slice(*window)] if window else rows
        if not shown:
            return {"count": len(rows)}
        return {"count": len(rows), member: [render(row) if render else row for row in shown]}

    def whole(self, member, items):
        """A list that ignores page and pagesize."""
        return {"count": len(items), member: items} if items else {}
