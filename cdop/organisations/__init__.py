"""Areas, panels, boards, groups and agencies as dated data, and the people who act for them."""
