# Who spoke with whom, and what security groups turned away. Off unless asked for: CloudWatch is paid by the gigabyte.
data "aws_caller_identity" "current" {
  count = local.flow_logs
}

data "aws_partition" "current" {
  count = local.flow_logs
}

locals {
  flow_logs = var.flow_log_retention_days == null ? 0 : 1
}

resource "aws_cloudwatch_log_group" "flow" {
  # checkov:skip=CKV_AWS_158: CloudWatch encrypts logs with a key of its own; one of ours would cost by the month and shut out nobody who may read the group.
  # checkov:skip=CKV_AWS_338: How long it is kept is the caller's: flow_log_retention_days.
  count = local.flow_logs

  name              = "/vpc/${var.name}/flow"
  retention_in_days = var.flow_log_retention_days
}

module "flow_log_role" {
  source = "../iam_role"
  count  = local.flow_logs

  name                     = "${var.name}-flow-log"
  description              = "Writes the flow log of ${var.name}."
  trusted_service          = "vpc-flow-logs.amazonaws.com"
  permissions_boundary_arn = var.permissions_boundary_arn

  # Only for this account's flow logs: the service works for every account.
  trust_conditions = {
    StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current[0].account_id }
    ArnLike      = { "aws:SourceArn" = "arn:${data.aws_partition.current[0].partition}:ec2:${var.aws_region}:${data.aws_caller_identity.current[0].account_id}:vpc-flow-log/*" }
  }

  inline_policies = {
    write = jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Sid      = "WriteFlowLog"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.flow[0].arn}:*"
      }]
    })
  }
}

resource "aws_flow_log" "this" {
  count = local.flow_logs

  vpc_id          = aws_vpc.this.id
  traffic_type    = "ALL"
  log_destination = aws_cloudwatch_log_group.flow[0].arn
  iam_role_arn    = module.flow_log_role[0].arn

  tags = { Name = var.name }
}
