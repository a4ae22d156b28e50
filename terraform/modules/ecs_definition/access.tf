locals {
  # Only this account's ECS may hand the roles out: not another account's, in AWS's name.
  trust_conditions = {
    StringEquals = { "aws:SourceAccount" = var.account_id }
    ArnLike      = { "aws:SourceArn" = "arn:${var.partition}:ecs:${var.aws_region}:${var.account_id}:*" }
  }
}

module "task_role" {
  source = "../iam_role"

  name             = "${var.name_prefix}-${var.service_name}-task"
  description      = "What the code of ${var.service_name} (${var.name_prefix}) may do."
  trusted_service  = "ecs-tasks.amazonaws.com"
  trust_conditions = local.trust_conditions
  inline_policies  = var.task_policies

  permissions_boundary_arn = var.permissions_boundary_arn
}

module "execution_role" {
  source = "../iam_role"

  name             = "${var.name_prefix}-${var.service_name}-execution"
  description      = "What ECS needs to start ${var.service_name} (${var.name_prefix}): pull its image, write its log, read its secrets."
  trusted_service  = "ecs-tasks.amazonaws.com"
  trust_conditions = local.trust_conditions

  permissions_boundary_arn = var.permissions_boundary_arn

  inline_policies = merge(
    { pull-and-log = local.pull_and_log_policy },
    length(local.secret_references) > 0 ? { read-secrets = local.read_secrets_policy } : {},
  )
}

locals {
  pull_and_log_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        # A token is for the whole registry: this action knows no resource.
        Sid      = "SignInToRegistry"
        Effect   = "Allow"
        Action   = ["ecr:GetAuthorizationToken"]
        Resource = "*"
      },
      {
        Sid      = "PullImage"
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = concat([var.repository_arn], var.further_repository_arns)
      },
      {
        Sid      = "WriteLog"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.this.arn}:*"
      },
    ]
  })

  secret_references = flatten([for container in var.containers : values(container.secrets)])

  # A reference to Secrets Manager may go on behind the secret's ARN, with a key of its JSON, a stage and a
  # version: permission is for the secret.
  secrets    = [for arn in local.secret_references : join(":", slice(split(":", arn), 0, 7)) if split(":", arn)[2] == "secretsmanager"]
  parameters = [for arn in local.secret_references : arn if split(":", arn)[2] == "ssm"]

  read_secrets_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      for statement in [
        { Sid = "ReadSecrets", Action = ["secretsmanager:GetSecretValue"], Resource = sort(distinct(local.secrets)) },
        { Sid = "ReadParameters", Action = ["ssm:GetParameters"], Resource = sort(distinct(local.parameters)) },
        { Sid = "DecryptSecrets", Action = ["kms:Decrypt"], Resource = var.secrets_kms_key_arns },
      ] : merge(statement, { Effect = "Allow" }) if length(statement.Resource) > 0
    ]
  })
}

resource "aws_security_group" "tasks" {
  name        = "${var.name_prefix}-${var.service_name}-tasks"
  description = "Tasks of ${var.service_name} (${var.name_prefix})"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name_prefix}-${var.service_name}-tasks" }
}

resource "aws_vpc_security_group_ingress_rule" "from_load_balancer" {
  security_group_id            = aws_security_group.tasks.id
  description                  = "Requests from the load balancer"
  referenced_security_group_id = var.load_balancer_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = var.lb_container_port
  to_port                      = var.lb_container_port
}

resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = aws_security_group.tasks.id
  description       = "AWS services and other HTTPS addresses"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}
