# What a viewer asks for becomes the file to serve, at CloudFront's edges. The distribution has to be told of the
# function (site_origin.viewer_request_function_arn).
resource "aws_cloudfront_function" "routing" {
  count = var.routing == null ? 0 : 1

  name    = var.bucket_name
  comment = "Paths of ${var.bucket_name}"
  runtime = "cloudfront-js-2.0"
  publish = true
  # The settings arrive as one JSON value, so nothing in them can be read as code.
  code = templatefile("${path.module}/routing.js.tftpl", { settings = jsonencode(local.routing) })

  lifecycle {
    # A distribution lets go of its function before that is deleted.
    create_before_destroy = true
  }
}

locals {
  routing = {
    index_in_folders = try(var.routing.index_in_folders, false)
    single_page      = try(var.routing.single_page, false)
    rules = [for rule in try(var.routing.rules, []) : {
      prefix       = trimsuffix(rule.prefix, "/")
      replace_with = trimsuffix(rule.replace_with, "/")
    }]
  }
}
